import type { Logger } from 'pino';
import { KeptLease, type LeaseTimes } from './kept-lease.js';

export interface WorkTimes extends LeaseTimes {
  /** Between rounds that left nothing to do, in milliseconds. */
  readonly pollMs: number;
  /** The first pause after a round that failed, in milliseconds; it doubles up to `longestPauseMs`. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const WORK_TIMES: WorkTimes = {
  leaseSeconds: 10,
  renewMs: 3_000,
  now: () => performance.now(),
  pollMs: 1_000,
  firstPauseMs: 500,
  longestPauseMs: 10_000,
};

/** The lease of one kind of work: `lease` takes or renews it for a replica, `release` gives it up. */
export interface WorkLease {
  lease(replica: string, seconds: number): Promise<boolean>;
  release(replica: string): Promise<void>;
}

export interface Work {
  /** Does some of it, and answers whether there is more to do at once. Throws when something that it needs is away. */
  round(): Promise<boolean>;
  /** The lease has come to this replica: what the last holder did is not known here. */
  taken?(): void;
  /** For the log, once per trouble. */
  readonly trouble: string;
}

/**
 * Work that one replica at a time does in the background, round after round, for as long as it holds the lease. `wake`
 * begins the next round at once, but not while it pauses after a failure. A round looks at `mayGoOn` before each piece of
 * work, and ends soon once that is false. Nothing ends it but `stop`, which lets the piece in hand end.
 */
export class LeasedWork {
  /** Rounds that failed, since the start. */
  failures = 0;

  private readonly lease: KeptLease;
  private running: Promise<void> | undefined;
  private stopping = false;
  private woken = false;
  private pausing: { readonly wakeable: boolean; readonly end: () => void } | undefined;
  private troubles = 0;

  constructor(
    lease: WorkLease,
    replica: string,
    private readonly work: Work,
    private readonly log: Logger,
    private readonly times: WorkTimes,
  ) {
    const store = {
      take: (seconds: number) => lease.lease(replica, seconds),
      release: () => lease.release(replica),
    };
    const onTaken = () => {
      work.taken?.();
      this.wake();
    };
    this.lease = new KeptLease(store, onTaken, log, times);
  }

  /** Whether this replica holds the lease. */
  get held(): boolean {
    return this.lease.held;
  }

  get mayGoOn(): boolean {
    return this.lease.held && !this.stopping;
  }

  start(): void {
    if (this.running !== undefined) return;
    this.lease.start();
    this.running = this.run();
  }

  /** Says that there is something to do. Cheap, and may be called any number of times. */
  wake(): void {
    this.woken = true;
    if (this.pausing?.wakeable) this.pausing.end();
  }

  /** Gives the lease to the next once the piece in hand has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.pausing?.end();
    await this.running;
    await this.lease.stop();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.woken = false;
      try {
        const hasMore = this.lease.held && (await this.work.round());
        this.troubles = 0;
        if (!this.woken) await this.pause(hasMore ? 0 : this.times.pollMs, true);
      } catch (error) {
        const { firstPauseMs, longestPauseMs } = this.times;
        const pauseMs = Math.min(firstPauseMs * 2 ** this.troubles, longestPauseMs);
        if (this.troubles++ === 0) this.log.warn({ err: error }, this.work.trouble);
        this.failures++;
        await this.pause(pauseMs, false);
      }
    }
  }

  private async pause(ms: number, wakeable: boolean): Promise<void> {
    if (this.stopping) return;
    await new Promise<void>((end) => {
      const timer = setTimeout(end, ms);
      this.pausing = {
        wakeable,
        end: () => {
          clearTimeout(timer);
          end();
        },
      };
    });
    this.pausing = undefined;
  }
}
