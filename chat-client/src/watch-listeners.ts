import type { WatchListener } from './watch-listener.js';

/** Whoever listens to a watch. A listener's defect is reported as uncaught, and disturbs nobody else. */
export class WatchListeners {
  private readonly all = new Set<WatchListener>();

  /** Answers the way to stop listening. */
  add(listener: WatchListener): () => void {
    this.all.add(listener);
    return () => this.all.delete(listener);
  }

  tell(work: (listener: WatchListener) => void): void {
    for (const listener of [...this.all]) {
      try {
        work(listener);
      } catch (defect) {
        queueMicrotask(() => {
          throw defect;
        });
      }
    }
  }
}
