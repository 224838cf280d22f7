import type { Micros } from '../conversation/entry.js';
import type { Announcement, AnnouncementType } from './announcement.js';

/** An announcement that was committed with its change and waits to be relayed. */
export interface OutboxRow {
  readonly conversationId: string;
  readonly seq: number;
  readonly kind: string;
  readonly createdAt: Micros;
  readonly announcement: Announcement;
}

/**
 * Announcements between their commit and the bus.
 *
 * Rows are written by the log in the transaction of the change itself. `next` reads up to `limit` committed rows in
 * key order (conversation, seq, kind), leaving out the `parked` types, at a cost that the rows of parked types do not
 * add to. `remove` deletes what the bus has confirmed; a row that is gone already is no error. `lease` takes or renews
 * the one relay's lease for `seconds` of database time and answers whether `replica` holds it: at most one does, until
 * it expires or `release` gives it up.  `size` counts waiting rows, `oldestSeconds` is the age of the
 * oldest by database time, 0 when there is none. Each throws when the database is away.
 */
export abstract class Outbox {
  abstract lease(replica: string, seconds: number): Promise<boolean>;
  abstract release(replica: string): Promise<void>;
  abstract next(limit: number, parked: readonly AnnouncementType[]): Promise<OutboxRow[]>;
  /** The first row of one type, to try whether it is routable by now. */
  abstract firstOf(type: AnnouncementType): Promise<OutboxRow | undefined>;
  abstract remove(rows: readonly OutboxRow[]): Promise<void>;
  /** Drops rows of `types` older than `days` by database time and answers how many. */
  abstract dropOlder(types: readonly AnnouncementType[], days: number): Promise<number>;
  abstract size(): Promise<number>;
  abstract oldestSeconds(): Promise<number>;
}
