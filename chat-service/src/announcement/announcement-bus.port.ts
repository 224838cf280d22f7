import type { Announcement } from './announcement.js';

/** What became of one announcement that was handed to the bus. */
export type Outcome = 'delivered' | 'unroutable' | 'failed';

/**
 * The way out for announcements.
 *
 * `publish` hands over a batch in order and answers, in the same order, what became of each: `delivered` only when the
 * bus has confirmed that it keeps the message and at least one queue takes it; `unroutable` when no queue is bound to
 * its type; `failed` when the bus is away or refused (all after the first failure may be failed too). It waits for the
 * bus at most 10 s and never throws. `close` lets a batch in flight end.
 */
export abstract class AnnouncementBus {
  abstract publish(announcements: readonly Announcement[]): Promise<Outcome[]>;
  abstract close(): Promise<void>;
}
