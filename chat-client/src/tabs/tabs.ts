/** The part of navigator.locks that tabs need. */
export interface TabLocks {
  /**
   * Calls `work` once the lock is free, and holds it until the work ends or the tab dies. Rejects when the signal ends
   * the wait, or when another `steal`s the lock; the work is not told then. `steal` and `signal` do not go together.
   * https://w3c.github.io/web-locks/
   */
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    work: () => Promise<void>,
  ): Promise<unknown>;
  /** The locks that are held now, by any tab. */
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** The part of BroadcastChannel that tabs need: in order, to every other tab that is alive. */
export interface TabChannel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/** What a tab needs to find the others of its origin. */
export interface Tabs {
  readonly locks: TabLocks;
  openChannel(name: string): TabChannel;
  /** Whether this tab is in front: the timers of others are slowed down by the browser. */
  isVisible(): boolean;
}

/** What `browserTabs` looks at: `window` has it. */
export interface TabScope {
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabChannel;
  readonly document?: { readonly visibilityState: string };
}

/**
 * The other tabs of this browser. Undefined where it offers no Web Locks (an address by plain http that is not
 * localhost) or no BroadcastChannel: there each tab stands alone.
 */
export function browserTabs(scope: TabScope): Tabs | undefined {
  const locks = scope.navigator?.locks;
  const Channel = scope.BroadcastChannel;
  if (locks === undefined || Channel === undefined) return undefined;
  return {
    locks,
    openChannel: (name) => new Channel(name),
    isVisible: () => scope.document?.visibilityState !== 'hidden',
  };
}
