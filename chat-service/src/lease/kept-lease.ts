import type { Logger } from 'pino';

export interface LeaseTimes {
  /** How long the lease holds without renewal, in seconds of database time. */
  readonly leaseSeconds: number;
  /** Between renewals, and between the tries of a replica that waits for it, in milliseconds. */
  readonly renewMs: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

/** Where the lease lies. `take` takes or renews it and answers whether it is held; `release` gives it up. */
export interface LeaseStore {
  take(seconds: number): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Tries to hold a lease from `start` to `stop`. `held` is cautious: it turns false a tenth of the lease before the
 * database would give it to another, counted from before it was asked for, so that whoever looks at it before each
 * piece of work is not overtaken in it.
 */
export class KeptLease {
  private until = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> = Promise.resolve();
  private stopped = false;
  private inTrouble = false;

  constructor(
    private readonly store: LeaseStore,
    private readonly onTaken: () => void,
    private readonly log: Logger,
    private readonly times: LeaseTimes,
  ) {}

  get held(): boolean {
    return this.times.now() < this.until;
  }

  start(): void {
    this.asking = this.ask();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.asking;
    if (!this.held) return;
    this.until = -Infinity;
    try {
      await this.store.release();
    } catch (error) {
      this.log.warn({ err: error }, 'a lease could not be released; it expires by itself');
    }
  }

  private async ask(): Promise<void> {
    const { leaseSeconds, renewMs, now } = this.times;
    const askedAt = now();
    try {
      const before = this.held;
      const held = await this.store.take(leaseSeconds);
      this.until = held ? askedAt + leaseSeconds * 900 : -Infinity;
      this.inTrouble = false;
      if (this.held && !before) this.onTaken();
    } catch (error) {
      if (!this.inTrouble) this.log.warn({ err: error }, 'a lease cannot be asked for; it is tried again');
      this.inTrouble = true;
    }
    if (!this.stopped) this.timer = setTimeout(() => this.start(), renewMs);
  }
}
