import { newRequestId } from '../request-id.js';
import type { TabLocks } from './tabs.js';

/** What this tab says of itself to the others, by a lock of its own: so it is never said of a tab that is gone. */
export class TabMark {
  private readonly own: string;
  private clear: (() => void) | undefined;

  constructor(
    private readonly locks: TabLocks,
    private readonly name: string,
  ) {
    this.own = `${name}/${newRequestId()}`;
  }

  set(isSo: boolean): void {
    if (!isSo) {
      this.clear?.();
      this.clear = undefined;
    } else if (this.clear === undefined) {
      const cleared = new Promise<void>((resolve) => (this.clear = resolve));
      // A browser that refuses it says nothing to the others.
      this.locks.request(this.own, {}, () => cleared).catch(() => undefined);
    }
  }

  /** Whether another tab says so. */
  async isSetElsewhere(): Promise<boolean> {
    const { held = [] } = await this.locks.query();
    return held.some(({ name = '' }) => name.startsWith(`${this.name}/`) && name !== this.own);
  }
}
