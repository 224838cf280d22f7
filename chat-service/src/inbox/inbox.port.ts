import type { Conversation } from '../conversation/conversation.js';

export type InboxFilter = 'waiting' | 'mine' | 'others' | 'closed';

/** Where a page goes on: behind this row, in the order of the list. */
export interface InboxPosition {
  readonly rank: number;
  readonly id: string;
}

export interface InboxPage {
  readonly conversations: Conversation[];
  /** Null: there is no more. */
  readonly next: InboxPosition | null;
}

/** How many conversations there are, each counted to 1,000 and no further. */
export interface InboxCounts {
  readonly waiting: number;
  readonly mine: number;
  readonly others: number;
}

/**
 * The lists of the inbox, one query a page, by index.
 *
 * Order: those whose client waits for a word, longest wait first, then the others, latest entry first. `openVersions`
 * walks all open conversations by id, `limit` at a time.
 */
export abstract class Inbox {
  abstract list(filter: InboxFilter, adminId: string, limit: number, after: InboxPosition | null): Promise<InboxPage>;
  abstract counts(adminId: string): Promise<InboxCounts>;
  abstract openVersions(afterId: string, limit: number): Promise<{ id: string; version: number }[]>;
}
