import type { RefreshLock } from '../refresh-lock.js';
import type { TabLocks } from './tabs.js';

/** Longer than one try of a refresh; whoever holds the lock for longer is frozen, in milliseconds. */
const PATIENCE_MS = 20_000;

/** One refresh at a time among all tabs of a portal. A frozen holder loses the lock after 20 s. */
export class TabRefreshLock implements RefreshLock {
  private readonly name: string;

  /** `portal` tells apart the portals of one origin. */
  constructor(
    private readonly locks: TabLocks,
    portal: string,
  ) {
    this.name = `energy-chat/${portal}/refresh`;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const outcome: { value?: { readonly of: T } } = {};
    let begun = false;
    const hold = async (): Promise<void> => {
      begun = true;
      outcome.value = { of: await work() };
    };
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      await this.locks.request(this.name, { signal: patience.signal }, () => {
        clearTimeout(timer);
        return hold();
      });
    } catch (failure) {
      if (begun || !patience.signal.aborted) throw failure;
      await this.locks.request(this.name, { steal: true }, hold);
    } finally {
      clearTimeout(timer);
    }
    if (outcome.value === undefined) throw new Error('The refresh did not run.');
    return outcome.value.of;
  }
}
