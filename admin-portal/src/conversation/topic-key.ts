import { CaseTopic } from '@energy-chat/contract/case_pb.js';

const KEYS: Readonly<Record<CaseTopic, string>> = {
  [CaseTopic.UNSPECIFIED]: 'topic.other',
  [CaseTopic.BILL]: 'topic.bill',
  [CaseTopic.READING]: 'topic.reading',
  [CaseTopic.OUTAGE]: 'topic.outage',
  [CaseTopic.OTHER]: 'topic.other',
};

/** The translation key of a case's topic; a topic that this version does not know is "other". */
export function topicKey(topic: CaseTopic | undefined): string | undefined {
  return topic === undefined ? undefined : (KEYS[topic] ?? 'topic.other');
}
