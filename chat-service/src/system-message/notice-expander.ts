import type { Logger } from 'pino';
import { isPassing } from '../chat-error.js';
import { LeasedWork, WORK_TIMES, type WorkTimes } from '../lease/leased-work.js';
import type { DeliverSystemMessage } from './deliver-system-message.js';
import type { IncomingEvents } from './incoming-events.port.js';
import type { Notice, Notices, Reached } from './notices.port.js';
import { cloudEventFor } from './read-cloud-event.js';
import type { Recipient } from './system-event.js';

export interface ExpanderTimes extends WorkTimes {
  /** How long finished notices are kept for who asks, in days of database time. */
  readonly keepDays: number;
  /** How often old ones are looked for, in milliseconds. */
  readonly dropMs: number;
}

const TIMES: ExpanderTimes = {
  ...WORK_TIMES,
  keepDays: 30,
  dropMs: 3_600_000,
};

/** Recipients read at once, and marked together. */
const BATCH = 256;
/** Recipients written at a time: two batches of the log have room for them. */
const AT_A_TIME = 64;
const DROPPED_AT_ONCE = 20;

/**
 * Writes notices to their recipients, on one replica at a time.
 *
 * Invariants: a recipient is marked only after its message is committed, and writing is idempotent by the event's id:
 * a crash between the two writes nothing twice and forgets nobody. A notice ends once every recipient is written or
 * unknown, and those unknown of an event that came by the broker are a dead letter first. Whoever holds no lease does
 * nothing.
 */
export class NoticeExpander {
  /** Messages written, since the start. */
  written = 0;

  private readonly times: ExpanderTimes;
  private readonly work: LeasedWork;
  /** Notices whose dead letter the broker does not take for now: the others go on. */
  private readonly unburied = new Set<string>();
  private isUnburiedTold = false;
  private dropAt = -Infinity;

  constructor(
    private readonly notices: Notices,
    private readonly deliver: DeliverSystemMessage,
    private readonly incoming: Pick<IncomingEvents, 'bury'>,
    replica: string,
    private readonly log: Logger,
    times: Partial<ExpanderTimes> = {},
  ) {
    this.times = { ...TIMES, ...times };
    const work = { round: () => this.expandSome(), trouble: 'notices wait; they are tried again' };
    this.work = new LeasedWork(notices, replica, work, log, this.times);
  }

  get holdsLease(): boolean {
    return this.work.held;
  }

  start(): void {
    this.work.start();
  }

  /** Says that a notice was stored on this replica. */
  wake(): void {
    this.work.wake();
  }

  /** Lets what is being written end and gives the lease to the next. */
  stop(): Promise<void> {
    return this.work.stop();
  }

  /** Works on the oldest notice. Answers whether there may be more to do; throws when something is away. */
  private async expandSome(): Promise<boolean> {
    const next = await this.notices.next(BATCH, [...this.unburied]);
    if (next === undefined) {
      this.unburied.clear();
      await this.dropOld();
      return false;
    }
    const { notice, recipients } = next;
    if (recipients.length === 0) await this.finish(notice);
    for (let start = 0; start < recipients.length && this.work.mayGoOn; start += AT_A_TIME) {
      await this.write(notice, recipients.slice(start, start + AT_A_TIME));
    }
    return true;
  }

  private async write(notice: Notice, recipients: readonly Recipient[]): Promise<void> {
    const reached = await Promise.all(recipients.map((recipient) => this.reach(notice, recipient)));
    for (const state of ['written', 'unknown'] as const) {
      const those = recipients.filter((_, index) => reached[index]?.state === state);
      if (those.length > 0) await this.notices.mark(notice.id, those, state);
      if (state === 'written') this.written += those.length;
    }
    const waiting = reached.find(({ state }) => state === 'waiting');
    if (waiting !== undefined) throw waiting.error;
  }

  private async reach(notice: Notice, recipient: Recipient): Promise<{ state: Reached | 'waiting'; error?: unknown }> {
    try {
      const entry = await this.deliver.run(notice.event, notice.shownName, recipient);
      return { state: entry === undefined ? 'unknown' : 'written' };
    } catch (error) {
      if (isPassing(error)) return { state: 'waiting', error };
      // It must not hold up the others: it counts with those who are nobody, and publishing again tries it again.
      this.log.error({ err: error, notice: notice.id }, 'a notice cannot be written to one of its recipients');
      return { state: 'unknown' };
    }
  }

  private async finish({ id, event, wantsDeadLetter }: Notice): Promise<void> {
    const progress = wantsDeadLetter ? await this.notices.progress(event.source, event.eventId) : undefined;
    if (progress !== undefined && progress.unknown > 0) {
      const letter = cloudEventFor({ ...event, recipients: progress.unknownRecipients });
      const text = `The platform has no client by these ${progress.unknown} names; the others have the message.`;
      try {
        await this.incoming.bury({ ...letter, reason: 'RECIPIENT_UNKNOWN', text });
        this.isUnburiedTold = false;
      } catch (error) {
        if (!this.isUnburiedTold) this.log.warn({ err: error }, 'dead letters of notices wait; they are tried again');
        this.isUnburiedTold = true;
        this.unburied.add(id);
        return;
      }
    }
    await this.notices.finish(id);
  }

  private async dropOld(): Promise<void> {
    const now = this.times.now();
    if (now < this.dropAt) return;
    const dropped = await this.notices.dropOlder(this.times.keepDays, DROPPED_AT_ONCE);
    if (dropped < DROPPED_AT_ONCE) this.dropAt = now + this.times.dropMs;
  }
}
