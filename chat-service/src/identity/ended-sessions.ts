import type { Sessions } from './sessions.port.js';
import type { Warn } from './warn.js';

/** How often every replica asks which sessions have ended, in milliseconds. */
const INTERVAL = 5_000;
/** Added to the life of an access token: its leeway, and a commit that shows late. In seconds. */
const MARGIN = 150;

/**
 * The sessions that have ended, as far as their access tokens could still pass: known here at once when it happened on
 * this replica, within 5 s when on another. When the database does not answer, what is known stays known.
 */
export class EndedSessions {
  /** By id, the look that last found it ended; what was found here counts as found by the look under way. */
  private readonly known = new Map<string, number>();
  private look = 0;
  private readonly listeners = new Set<(sessionId: string) => void>();
  private running = false;
  private timer: NodeJS.Timeout | undefined;
  private failing = false;

  constructor(
    private readonly sessions: Sessions,
    /** ACCESS_TOKEN_SECONDS. */
    private readonly accessTokenSeconds: number,
    private readonly warn: Warn,
    private readonly interval = INTERVAL,
  ) {}

  has(sessionId: string): boolean {
    return this.known.has(sessionId);
  }

  /** Hears of each session that ends, once, so that its streams are closed. Answers a function that stops it. */
  onEnded(listener: (sessionId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The session was found ended on this replica. */
  add(sessionId: string): void {
    const isNew = !this.known.has(sessionId);
    this.known.set(sessionId, this.look);
    if (isNew) for (const listener of this.listeners) listener(sessionId);
  }

  /** Looks now and then every 5 s; resolves after the first look. */
  async start(): Promise<void> {
    this.running = true;
    await this.poll();
    this.goOn();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  /** One look at the database. Never rejects. */
  async poll(): Promise<void> {
    this.look += 1;
    try {
      for (const sessionId of await this.sessions.endedWithin(this.accessTokenSeconds + MARGIN)) this.add(sessionId);
      // Too long ago to matter; the look before is kept for what a lagging node does not show yet.
      for (const [sessionId, look] of this.known) if (look < this.look - 1) this.known.delete(sessionId);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.warn('The sessions that have ended cannot be read; trying again.', { err: error });
      this.failing = true;
    }
  }

  private goOn(): void {
    if (!this.running) return;
    this.timer = setTimeout(() => void this.poll().then(() => this.goOn()), this.interval);
  }
}
