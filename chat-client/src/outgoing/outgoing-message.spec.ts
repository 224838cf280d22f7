import { Code } from '@connectrpc/connect';
import { CaseTopic } from '@energy-chat/contract/case_pb.js';
import { describe, expect, it } from 'vitest';
import { readMessage, type OutgoingMessage } from './outgoing-message.js';

const message: OutgoingMessage = {
  requestId: 'r1',
  personId: '7',
  conversationId: 'c1',
  text: 'Hello',
  topic: CaseTopic.BILL,
  seenCase: { caseId: 'k1', revision: 3 },
  queuedAt: 1_000,
  refusal: { code: Code.Aborted, reason: 'CASE_TAKEN', message: 'Taken.', facts: { assignee_name: 'Maria' } },
};

describe('a message that the device kept', () => {
  it('is as it was', () => {
    expect(readMessage(structuredClone(message))).toEqual(message);
    const plain = { ...message, topic: undefined, seenCase: undefined, refusal: undefined };
    expect(readMessage(structuredClone(plain))).toEqual(plain);
  });

  it.each<[string, unknown]>([
    ['is nothing', undefined],
    ['is a text', 'Hello'],
    ['has no text', { ...message, text: undefined }],
    ['has no conversation', { ...message, conversationId: 7 }],
    ['is nobody’s', { ...message, personId: undefined }],
    ['has no request id', { ...message, requestId: 1 }],
    ['was queued at a time of another kind', { ...message, queuedAt: new Date() }],
    ['is about a topic that is none', { ...message, topic: 99 }],
    ['saw a case of another form', { ...message, seenCase: { id: 'k1' } }],
    ['was refused by a code that is none', { ...message, refusal: { ...message.refusal, code: 99 } }],
    ['was refused without facts', { ...message, refusal: { ...message.refusal, facts: undefined } }],
  ])('is not read where it %s', (_, kept) => {
    expect(readMessage(kept)).toBeUndefined();
  });
});
