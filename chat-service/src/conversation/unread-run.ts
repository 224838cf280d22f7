import { countsAsUnread, type Entry, type Micros } from './entry.js';

/**
 * From when the client has something unread until nothing is: what the announcements of unread replies go by, one for
 * each run.
 */
export interface UnreadRun {
  /** When its oldest unread entry was written, or before: what was read or removed since is not looked at. */
  readonly since: Micros;
  /** The seq of the oldest unread entry when the run was announced; null: it was not. */
  readonly announcedSeq: number | null;
}

/** The oldest entry that the client has not read, and whether they hold a Watch. */
export interface OldestUnread {
  readonly oldest: { readonly seq: number; readonly createdAt: Micros } | null;
  readonly clientWatches: boolean;
}

/** The run once `written` stands in the log. */
export function runAfter(run: UnreadRun | null, written: Entry): UnreadRun | null {
  return run ?? (countsAsUnread('client', written) ? { since: written.createdAt, announcedSeq: null } : null);
}
