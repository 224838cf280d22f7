import type { Logger } from 'pino';
import type { AnnouncementType } from './announcement.js';
import type { Outcome } from './announcement-bus.port.js';

export interface ParkingTimes {
  readonly firstPauseMs: number;
  readonly probeMs: number;
  readonly now: () => number;
}

type Reason = Exclude<Outcome, 'delivered'>;

interface Parking {
  readonly reason: Reason;
  /** When one of its rows is tried next. */
  readonly dueAt: number;
  readonly pauseMs: number;
}

/**
 * Types of announcements that are held back: unroutable ones are due each `probeMs`; ones that the bus refused while
 * it took others are due sooner, then ever later.
 */
export class ParkedTypes {
  private readonly parkings = new Map<AnnouncementType, Parking>();

  constructor(
    private readonly log: Logger,
    private readonly times: ParkingTimes,
  ) {}

  get types(): AnnouncementType[] {
    return [...this.parkings.keys()];
  }

  get unroutable(): AnnouncementType[] {
    return this.types.filter((type) => this.parkings.get(type)?.reason === 'unroutable');
  }

  due(): AnnouncementType[] {
    const now = this.times.now();
    return [...this.parkings].filter(([, { dueAt }]) => dueAt <= now).map(([type]) => type);
  }

  park(type: AnnouncementType, reason: Reason): void {
    const before = this.parkings.get(type);
    const { firstPauseMs, probeMs } = this.times;
    this.set(type, reason, reason === 'unroutable' ? probeMs : firstPauseMs);
    if (before?.reason === reason) return;
    if (reason === 'unroutable') this.log.info({ type }, 'no queue is bound to this announcement; it waits for one');
    else this.log.warn({ type }, 'a queue refuses this announcement (is it full?); it waits');
  }

  /** A try failed, which may be the bus or this type. */
  postpone(type: AnnouncementType): void {
    const before = this.parkings.get(type);
    if (before !== undefined) this.set(type, before.reason, Math.min(before.pauseMs * 2, this.times.probeMs));
  }

  /** Lets the type go on. */
  release(type: AnnouncementType): void {
    if (this.parkings.delete(type)) this.log.info({ type }, 'this announcement goes out again');
  }

  clear(): void {
    this.parkings.clear();
  }

  private set(type: AnnouncementType, reason: Reason, pauseMs: number): void {
    this.parkings.set(type, { reason, dueAt: this.times.now() + pauseMs, pauseMs });
  }
}
