/**
 * Waits between tries with full jitter: each is drawn between zero and a limit that doubles from `firstMs` up to
 * `longestMs` (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
 */
export class Backoff {
  private tries = 0;

  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
  ) {}

  /** The next wait in milliseconds, never shorter than what the service asked for. */
  next(atLeastMs = 0): number {
    const limit = Math.min(this.longestMs, this.firstMs * 2 ** this.tries);
    this.tries += 1;
    return atLeastMs + Math.random() * limit;
  }

  reset(): void {
    this.tries = 0;
  }
}
