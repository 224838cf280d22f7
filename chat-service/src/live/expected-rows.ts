/** Hints that arrive within this are read together, in milliseconds. */
const HINT_WINDOW = 5;

/** A row that the database still cannot show after so many looks is left to the heartbeat. */
const MOST_LOOKS = 12;

interface Expectation {
  readonly version: number;
  readonly looks: number;
  /** When to look, on the monotonic clock. */
  readonly due: number;
}

/** How long to wait after so many looks in vain, in milliseconds: ever longer, at most 2 s. */
export function patience(looks: number): number {
  return Math.min(20 * 2 ** looks, 2_000);
}

/**
 * Conversations that are known to have a higher version than is held here: reads their rows together, and again while
 * the database does not show them yet (a lagging node).
 *
 * Invariant: one expectation and one next look per conversation, however many hints told of it.
 */
export class ExpectedRows {
  private readonly expected = new Map<string, Expectation>();
  private timer: NodeJS.Timeout | undefined;
  private timerDue = Infinity;

  constructor(
    /** Reads and offers rows; answers the versions it saw. */
    private readonly read: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.expected.size;
  }

  expect(id: string, version: number): void {
    if ((this.expected.get(id)?.version ?? 0) >= version) return;
    this.lookAt(id, { version, looks: 0, due: performance.now() + HINT_WINDOW });
  }

  forget(id: string): void {
    this.expected.delete(id);
  }

  clear(): void {
    this.expected.clear();
    clearTimeout(this.timer);
    this.timerDue = Infinity;
  }

  private lookAt(id: string, expectation: Expectation): void {
    this.expected.set(id, expectation);
    this.wakeAt(expectation.due);
  }

  private wakeAt(due: number): void {
    if (due >= this.timerDue) return;
    clearTimeout(this.timer);
    this.timerDue = due;
    this.timer = setTimeout(() => void this.look(), Math.max(1, due - performance.now())).unref();
  }

  private async look(): Promise<void> {
    this.timerDue = Infinity;
    const now = performance.now();
    const due = [...this.expected].filter((expectation) => expectation[1].due <= now);
    for (const [, expectation] of this.expected) if (expectation.due > now) this.wakeAt(expectation.due);
    let seen: ReadonlyMap<string, number> = new Map();
    try {
      if (due.length > 0) seen = await this.read(due.map(([id]) => id));
    } catch (error) {
      this.onTrouble(error);
    }
    for (const [id, expectation] of due) {
      // A newer hint came meanwhile, or nobody is interested any more.
      if (this.expected.get(id) !== expectation) continue;
      const looks = expectation.looks + 1;
      if ((seen.get(id) ?? 0) >= expectation.version || looks === MOST_LOOKS) this.expected.delete(id);
      else this.lookAt(id, { ...expectation, looks, due: performance.now() + patience(expectation.looks) });
    }
  }
}
