/** The service forgets after 5 s; the contract asks for a repeat every 3 s. */
const REPEAT_MS = 3_000;
const STOP_AFTER_MS = 5_000;

/**
 * Tells one conversation that its person types. A call in flight is waited for before the next, so that a stop never
 * overtakes a start. Failures are dropped: typing is a courtesy and expires by itself.
 */
export class TypingNotifier {
  private told = false;
  private lastSentAt = Number.NEGATIVE_INFINITY;
  private stopTimer: ReturnType<typeof setTimeout> | undefined;
  private sending = false;
  private waiting: boolean | undefined;

  constructor(private readonly send: (typing: boolean) => Promise<void>) {}

  keystroke(): void {
    clearTimeout(this.stopTimer);
    this.stopTimer = setTimeout(() => this.stop(), STOP_AFTER_MS);
    const now = performance.now();
    if (this.told && now - this.lastSentAt < REPEAT_MS) return;
    this.told = true;
    this.lastSentAt = now;
    this.tell(true);
  }

  /** The text was cleared, the page left, or nothing was typed for a while. */
  stop(): void {
    clearTimeout(this.stopTimer);
    if (!this.told) return;
    this.told = false;
    this.tell(false);
  }

  /** A message ends typing on the service by itself. */
  messageSent(): void {
    clearTimeout(this.stopTimer);
    this.told = false;
    this.waiting = undefined;
  }

  private tell(typing: boolean): void {
    this.waiting = typing;
    if (!this.sending) void this.sendWaiting();
  }

  private async sendWaiting(): Promise<void> {
    this.sending = true;
    while (this.waiting !== undefined) {
      const typing = this.waiting;
      this.waiting = undefined;
      await this.send(typing).catch(() => undefined);
    }
    this.sending = false;
  }
}
