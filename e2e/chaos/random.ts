import { mulberry32 } from '../../chat-service/src/database/embedded/demo-data.js';

/** Everything that is drawn in a run comes from its seed by one of these. */
export class Random {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  /** At least `low`, less than `high`. */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Of so many things one by its index. */
  index(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Undefined only of nothing. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.index(items.length)];
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, place: this.next() }))
      .sort((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }
}
