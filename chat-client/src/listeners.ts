/** Whoever listens to something. A listener's defect is reported as uncaught, and disturbs nobody else. */
export class Listeners<Listener> {
  private readonly all = new Set<Listener>();

  /** Answers the way to stop listening. */
  add(listener: Listener): () => void {
    this.all.add(listener);
    return () => this.all.delete(listener);
  }

  tell(work: (listener: Listener) => void): void {
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
