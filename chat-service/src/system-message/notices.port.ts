import type { Micros } from '../conversation/entry.js';
import type { Recipient, SystemEvent } from './system-event.js';

/** A system message to many, stored once. */
export interface Notice {
  readonly id: string;
  readonly event: Omit<SystemEvent, 'recipients'>;
  /** The name that clients see. */
  readonly shownName: string;
  /** Whether what cannot be written goes to the dead letters: its source cannot ask for counts. */
  readonly wantsDeadLetter: boolean;
}

export interface NoticeProgress {
  readonly createdAt: Micros;
  readonly finishedAt: Micros | null;
  readonly recipients: number;
  readonly written: number;
  readonly unknown: number;
  /** The first 1,000. */
  readonly unknownRecipients: readonly Recipient[];
}

/** What became of a recipient. */
export type Reached = 'written' | 'unknown';

/**
 * Notices until every recipient is written or known to be nobody.
 *
 * `add` commits a notice with its recipients, once per source and event id; adding it again adds recipients that it did
 * not have and tries again those that were unknown. `next` answers the oldest unfinished notice that is not among
 * `besides`, and some of its recipients that are still to be reached, none when only `finish` is left. `mark` may be repeated. All of it is safe when
 * two replicas work at once; the lease keeps them from doing work twice.
 */
export abstract class Notices {
  abstract add(notice: Notice, recipients: readonly Recipient[]): Promise<void>;
  abstract next(
    limit: number,
    besides: readonly string[],
  ): Promise<{ notice: Notice; recipients: Recipient[] } | undefined>;
  abstract mark(noticeId: string, recipients: readonly Recipient[], reached: Reached): Promise<void>;
  /** Ends the notice if no recipient is left to be reached. */
  abstract finish(noticeId: string): Promise<void>;
  abstract progress(source: string, eventId: string): Promise<NoticeProgress | undefined>;
  /** Unfinished ones. */
  abstract backlog(): Promise<number>;
  /** Forgets those that finished more than `days` ago, at most `limit` of them; answers how many. */
  abstract dropOlder(days: number, limit: number): Promise<number>;
  /** Takes or renews the lease of the one replica that expands notices. */
  abstract lease(replica: string, seconds: number): Promise<boolean>;
  abstract release(replica: string): Promise<void>;
}
