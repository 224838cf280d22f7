import type { Logger } from 'pino';
import { LeasedWork, WORK_TIMES, type WorkTimes } from '../lease/leased-work.js';
import type { AnnouncementBus, Outcome } from './announcement-bus.port.js';
import type { Outbox, OutboxRow } from './outbox.port.js';
import { ParkedTypes } from './parked-types.js';

export interface RelayTimes extends WorkTimes {
  /** How often one announcement of a parked type is tried, in milliseconds. */
  readonly probeMs: number;
  /** How long rows of an unroutable type are kept, in days of database time. */
  readonly keepDays: number;
  /** How often such rows are looked for, in milliseconds. */
  readonly dropMs: number;
}

const TIMES: RelayTimes = {
  ...WORK_TIMES,
  probeMs: 60_000,
  keepDays: 7,
  dropMs: 3_600_000,
};

const BATCH = 500;

/**
 * Carries announcements from the outbox to the bus, on one replica at a time.
 *
 * Invariants:
 * - A row is removed only after the bus has confirmed it: a crash between the two repeats it and loses nothing.
 * - Of one conversation and type a row is handed over only when the one before it is confirmed: a wave holds one row of
 *   each. So a refusal in the middle cannot let a later one overtake.
 * - A type that nobody takes, or that the bus refuses while it takes others, is parked: it holds up no other type. One
 *   row of it, its first in key order, is tried from time to time; when that one is delivered the rest follow.
 * - Before each wave the lease must be held. Should two replicas relay at once after all (a process that froze), rows
 *   repeat and none is lost.
 *
 * It never waits for anybody's request and nobody's request waits for it. Nothing ends it but `stop`.
 */
export class AnnouncementRelay {
  /** Announcements delivered, since the start. */
  relayed = 0;
  /** Rows of unroutable types that were dropped for their age, since the start. */
  dropped = 0;
  private readonly times: RelayTimes;
  private readonly parked: ParkedTypes;
  private readonly work: LeasedWork;
  private sendFailures = 0;
  private dropAt = -Infinity;

  constructor(
    private readonly outbox: Outbox,
    private readonly bus: AnnouncementBus,
    replica: string,
    private readonly log: Logger,
    times: Partial<RelayTimes> = {},
  ) {
    this.times = { ...TIMES, ...times };
    this.parked = new ParkedTypes(log, this.times);
    const work = {
      round: () => this.relay(),
      taken: () => this.parked.clear(),
      trouble: 'announcements wait in the outbox; they are tried again',
    };
    this.work = new LeasedWork(outbox, replica, work, log, this.times);
  }

  /** Whether this replica relays. */
  get holdsLease(): boolean {
    return this.work.held;
  }

  /** Rounds that the bus or the database failed, in part or as a whole, since the start. */
  get failures(): number {
    return this.work.failures + this.sendFailures;
  }

  /** Types held back just now, as far as this replica knows. */
  get parkedTypes(): number {
    return this.work.held ? this.parked.types.length : 0;
  }

  start(): void {
    this.work.start();
  }

  /** Says that rows were committed on this replica. Cheap, and may be called any number of times. */
  wake(): void {
    this.work.wake();
  }

  /** Lets the batch in flight end and gives the lease to the next. */
  stop(): Promise<void> {
    return this.work.stop();
  }

  /** One round. Answers whether there is more; throws when the bus or the database is away. */
  private async relay(): Promise<boolean> {
    await this.dropOld();
    await this.probe();
    const rows = await this.outbox.next(BATCH, this.parked.types);
    await this.sendInOrder(rows);
    return rows.length === BATCH;
  }

  private async sendInOrder(rows: readonly OutboxRow[]): Promise<void> {
    let left = rows;
    while (left.length > 0 && this.work.mayGoOn) {
      const { wave, behind } = firstOfEach(left);
      const outcomes = await this.send(wave);
      const failed = wave.filter((_, index) => outcomes[index] === 'failed');
      if (failed.length === wave.length) throw new Error('The bus for announcements takes nothing');
      if (failed.length > 0) this.sendFailures++;
      for (const [index, { announcement }] of wave.entries()) {
        if (outcomes[index] !== 'delivered') this.parked.park(announcement.type, outcomes[index] ?? 'failed');
      }
      left = behind.filter((row) => !this.parked.types.includes(row.announcement.type));
    }
  }

  private async probe(): Promise<void> {
    const due = await Promise.all(
      this.parked.due().map(async (type) => ({ type, row: await this.outbox.firstOf(type) })),
    );
    for (const { type, row } of due) if (row === undefined) this.parked.release(type);
    const rows = due.flatMap(({ row }) => row ?? []);
    if (rows.length === 0) return;
    const outcomes = await this.send(rows);
    for (const [index, { announcement }] of rows.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'delivered') this.parked.release(announcement.type);
      else if (outcome === 'unroutable') this.parked.park(announcement.type, outcome);
      else this.parked.postpone(announcement.type);
    }
  }

  private async send(rows: readonly OutboxRow[]): Promise<Outcome[]> {
    const outcomes = await this.bus.publish(rows.map((row) => row.announcement));
    const delivered = rows.filter((_, index) => outcomes[index] === 'delivered');
    this.relayed += delivered.length;
    await this.outbox.remove(delivered);
    return outcomes;
  }

  private async dropOld(): Promise<void> {
    const now = this.times.now();
    const unroutable = this.parked.unroutable;
    if (unroutable.length === 0 || now < this.dropAt) return;
    this.dropAt = now + this.times.dropMs;
    const dropped = await this.outbox.dropOlder(unroutable, this.times.keepDays);
    this.dropped += dropped;
    if (dropped > 0)
      this.log.warn({ dropped, types: unroutable }, 'announcements that no queue took were dropped for their age');
  }
}

/** Splits rows in key order into the first of each conversation and type, and those behind. */
function firstOfEach(rows: readonly OutboxRow[]): { wave: OutboxRow[]; behind: OutboxRow[] } {
  const seen = new Set<string>();
  const wave: OutboxRow[] = [];
  const behind: OutboxRow[] = [];
  for (const row of rows) {
    const key = `${row.conversationId}\n${row.announcement.type}`;
    (seen.has(key) ? behind : wave).push(row);
    seen.add(key);
  }
  return { wave, behind };
}
