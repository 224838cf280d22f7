import type { TabLocks } from './tabs.js';

export interface LeadershipEvents {
  readonly won: () => void;
  /** Another tab has taken it; this one waits for its turn again. */
  readonly lost: () => void;
}

/** Before a request that the browser refused is made again, in milliseconds. */
const RETRY_MS = 1_000;

/** The lock that makes one tab the leader. It goes to the next in line when its holder leaves or dies. */
export class Leadership {
  /** Of the request in use; those before it count no more. */
  private turn: { readonly waiting: AbortController; release: (() => void) | undefined } | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly locks: TabLocks,
    private readonly name: string,
    private readonly events: LeadershipEvents,
  ) {}

  get isHeld(): boolean {
    return this.turn?.release !== undefined;
  }

  /** Waits for its turn. */
  queue(): void {
    this.request(false);
  }

  /** Takes it from a leader that does not answer. */
  take(): void {
    this.request(true);
  }

  /** Leaves the line, or gives up the lock. */
  leave(): void {
    const { turn } = this;
    this.turn = undefined;
    clearTimeout(this.retryTimer);
    turn?.waiting.abort();
    turn?.release?.();
  }

  private request(steal: boolean): void {
    this.leave();
    const turn: NonNullable<typeof this.turn> = { waiting: new AbortController(), release: undefined };
    this.turn = turn;
    const hold = async (): Promise<void> => {
      if (turn !== this.turn) return;
      const released = new Promise<void>((resolve) => (turn.release = resolve));
      this.events.won();
      await released;
    };
    const options = steal ? { steal } : { signal: turn.waiting.signal };
    this.locks.request(this.name, options, hold).catch(() => {
      if (turn !== this.turn) return;
      if (turn.release === undefined) {
        this.retryTimer = setTimeout(() => this.queue(), RETRY_MS);
        return;
      }
      this.queue();
      this.events.lost();
    });
  }
}
