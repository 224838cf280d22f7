import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { CaseStatus } from '@energy-chat/contract/case_pb.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';

/** The list in which a conversation stands for this administrator; every conversation stands in exactly one. */
export function filterOf({ openCase }: Conversation, myId: string): InboxFilter {
  if (openCase === undefined) return InboxFilter.CLOSED;
  if (openCase.status === CaseStatus.WAITING) return InboxFilter.WAITING;
  return openCase.assignee?.id === myId ? InboxFilter.MINE : InboxFilter.OTHERS;
}

/** What decides a conversation's place in its list. */
export type InboxPlace = Pick<Conversation, 'id' | 'awaitingTime' | 'lastEntryTime'>;

/**
 * The order of ListConversations: those whose client waits for a word first, longest wait first; then the others,
 * latest entry first. Equals by id, as the service does, so that pages and live rows fit together.
 */
export function compareInInbox(one: InboxPlace, two: InboxPlace): number {
  if (one.awaitingTime !== undefined && two.awaitingTime !== undefined) {
    return compareTimes(one.awaitingTime, two.awaitingTime) || compareIds(one.id, two.id);
  }
  if (one.awaitingTime !== undefined) return -1;
  if (two.awaitingTime !== undefined) return 1;
  return compareTimes(two.lastEntryTime, one.lastEntryTime) || compareIds(one.id, two.id);
}

/** Unset is before everything. */
export function compareTimes(one: Timestamp | undefined, two: Timestamp | undefined): number {
  if (one === undefined || two === undefined) return Number(one !== undefined) - Number(two !== undefined);
  if (one.seconds !== two.seconds) return one.seconds < two.seconds ? -1 : 1;
  return one.nanos - two.nanos;
}

/** By code unit, as the database compares ids. */
function compareIds(one: string, two: string): number {
  if (one === two) return 0;
  return one < two ? -1 : 1;
}
