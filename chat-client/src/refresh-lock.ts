/**
 * Lets one refresh run at a time among all that share one refresh token: in a browser all tabs of a portal (a Web
 * Lock), in Node all sessions on one TokenStore. `run` answers what the work answers, and frees the lock when the work
 * ends or its holder dies.
 */
export interface RefreshLock {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** For sessions of one process. */
export class InProcessRefreshLock implements RefreshLock {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}
