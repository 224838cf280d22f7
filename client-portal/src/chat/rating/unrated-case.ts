import type { Entry } from '@energy-chat/contract/entry_pb.js';

/** The id of the case that was closed last, unless it has its rating. */
export function unratedCase(entries: readonly Entry[]): string | undefined {
  const newest = entries.findLast(({ content }) => content.case === 'caseClosed' || content.case === 'caseRated');
  return newest?.content.case === 'caseClosed' ? newest.content.value.case?.id : undefined;
}
