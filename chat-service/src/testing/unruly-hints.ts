import { Hints, type Hint } from '../live/hints.port.js';

/** How long an unruly bus keeps a hint at most, in milliseconds. */
const LONGEST_DELAY = 40;

/** Hints over a bus that does all that a bus may do, in a way that each run repeats. */
export class UnrulyHints extends Hints {
  readonly lost = 0;
  /** `unruly`: each comes up to three times, late, and in another order. */
  mode: 'faithful' | 'lost' | 'unruly' = 'faithful';
  private readonly timers = new Set<NodeJS.Timeout>();
  private random = 1;

  constructor(private readonly bus: Hints) {
    super();
  }

  override publish(hint: Hint): void {
    this.bus.publish(hint);
  }

  override listen(receive: (hint: Hint) => void): void {
    this.bus.listen((hint) => {
      if (this.mode === 'faithful') receive(hint);
      if (this.mode !== 'unruly') return;
      for (let times = 1 + this.below(3); times > 0; times -= 1) {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          receive(hint);
        }, this.below(LONGEST_DELAY));
        this.timers.add(timer);
      }
    });
  }

  override async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    await this.bus.close();
  }

  /** A linear congruential generator, as in Numerical Recipes. */
  private below(limit: number): number {
    this.random = (this.random * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((this.random / 2 ** 32) * limit);
  }
}
