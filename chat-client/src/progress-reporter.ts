export interface ProgressMark {
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** How long marks are gathered, in milliseconds. */
const GATHER_MS = 100;

/**
 * Tells the service how far a page has come. Marks are gathered for a moment, one call runs at a time, and only what
 * is beyond the last answered mark is sent. A failed mark is sent again with the next one or by `flush`.
 */
export class ProgressReporter {
  private wanted: ProgressMark = { deliveredSeq: 0, readSeq: 0 };
  private answered: ProgressMark = { deliveredSeq: 0, readSeq: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending = false;
  private stopped = false;

  /** A seq of 0 in what is sent leaves that cursor where it is. */
  constructor(private readonly send: (mark: ProgressMark) => Promise<void>) {}

  reached(mark: ProgressMark): void {
    this.wanted = furthest(this.wanted, mark);
    this.flush();
  }

  /** What the service is known to have, for example from the conversation's row. */
  knownToService(mark: ProgressMark): void {
    this.answered = furthest(this.answered, mark);
  }

  flush(): void {
    if (this.stopped || this.timer !== undefined || this.sending || this.pending() === undefined) return;
    this.timer = setTimeout(() => void this.sendPending(), GATHER_MS);
  }

  /** The seqs start again: the log was restored from a backup. */
  restart(): void {
    this.wanted = { deliveredSeq: 0, readSeq: 0 };
    this.answered = { deliveredSeq: 0, readSeq: 0 };
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private pending(): ProgressMark | undefined {
    const deliveredSeq = this.wanted.deliveredSeq > this.answered.deliveredSeq ? this.wanted.deliveredSeq : 0;
    const readSeq = this.wanted.readSeq > this.answered.readSeq ? this.wanted.readSeq : 0;
    return deliveredSeq === 0 && readSeq === 0 ? undefined : { deliveredSeq, readSeq };
  }

  private async sendPending(): Promise<void> {
    this.timer = undefined;
    const mark = this.pending();
    if (mark === undefined) return;
    this.sending = true;
    try {
      await this.send(mark);
      this.answered = furthest(this.answered, mark);
    } catch {
      // The mark stays wanted until the next flush.
      return;
    } finally {
      this.sending = false;
    }
    this.flush();
  }
}

function furthest(one: ProgressMark, other: ProgressMark): ProgressMark {
  return {
    deliveredSeq: Math.max(one.deliveredSeq, other.deliveredSeq),
    readSeq: Math.max(one.readSeq, other.readSeq),
  };
}
