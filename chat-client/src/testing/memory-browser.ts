import type { TabChannel, TabLocks, Tabs, TabScope } from '../tabs/tabs.js';

type Listener = (event: { readonly data: unknown }) => void;

interface LockRequest {
  readonly tab: MemoryTab;
  readonly work: () => Promise<void>;
  readonly end: (outcome: 'done' | Error) => void;
}

/** The tabs of one origin, their locks and channels, as the standards have them. */
export class MemoryBrowser {
  private readonly tabs: MemoryTab[] = [];
  private readonly holders = new Map<string, LockRequest>();
  private readonly lines = new Map<string, LockRequest[]>();

  open(): MemoryTab {
    const tab = new MemoryTab(this);
    this.tabs.push(tab);
    return tab;
  }

  /** Whose lock it is. */
  holderOf(endOfName: string): MemoryTab | undefined {
    const found = [...this.holders].find(([name]) => name.endsWith(endOfName));
    return found?.[1].tab;
  }

  heldLocks(): { readonly name: string }[] {
    return [...this.holders.keys()].map((name) => ({ name }));
  }

  post(from: MemoryTab, name: string, message: unknown): void {
    for (const tab of this.tabs) if (tab !== from) tab.deliver(name, structuredClone(message));
  }

  request(name: string, request: LockRequest, options: Parameters<TabLocks['request']>[1]): void {
    const { signal, steal = false } = options;
    if (steal) {
      const robbed = this.holders.get(name);
      this.holders.delete(name);
      robbed?.tab.run(() => robbed.end(new DOMException('stolen', 'AbortError')));
      this.lines.set(name, [request, ...(this.lines.get(name) ?? [])]);
    } else {
      const aborted = (): void => {
        if (!this.leaveLine(name, request)) return;
        request.end(new DOMException('aborted', 'AbortError'));
      };
      this.lines.set(name, [...(this.lines.get(name) ?? []), request]);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted === true) aborted();
    }
    this.grant(name);
  }

  buried(tab: MemoryTab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    for (const [name, line] of this.lines) {
      this.lines.set(
        name,
        line.filter((each) => each.tab !== tab),
      );
    }
    for (const [name, holder] of [...this.holders]) if (holder.tab === tab) this.release(name, holder);
  }

  private grant(name: string): void {
    if (this.holders.has(name)) return;
    const next = this.lines.get(name)?.shift();
    if (next === undefined) return;
    this.holders.set(name, next);
    next.tab.run(() => {
      next.work().then(
        () => {
          this.release(name, next);
          next.end('done');
        },
        (failure: unknown) => {
          this.release(name, next);
          next.end(failure instanceof Error ? failure : new Error(String(failure)));
        },
      );
    });
  }

  private release(name: string, holder: LockRequest): void {
    if (this.holders.get(name) !== holder) return;
    this.holders.delete(name);
    this.grant(name);
  }

  private leaveLine(name: string, request: LockRequest): boolean {
    const line = this.lines.get(name) ?? [];
    this.lines.set(
      name,
      line.filter((each) => each !== request),
    );
    return line.includes(request);
  }
}

/** What a tab's `window` has; without locks as on plain http that is not localhost. */
export function scopeOf(tab: MemoryTab, { withLocks }: { withLocks: boolean }): TabScope {
  class OwnChannel extends MemoryChannel {
    constructor(name: string) {
      super(tab, name);
    }
  }
  return { navigator: withLocks ? { locks: tab.locks } : {}, BroadcastChannel: OwnChannel };
}

/** One tab. What happens to it while it is frozen waits until it thaws, and so does what it says. */
export class MemoryTab implements Tabs {
  isInFront = true;
  private readonly channels = new Map<string, Set<Listener>>();
  private waiting: (() => void)[] | undefined;
  private isDead = false;
  private losing = 0;

  constructor(private readonly browser: MemoryBrowser) {}

  readonly locks: TabLocks = {
    request: (name, options, work) =>
      new Promise((resolve, reject) => {
        const end: LockRequest['end'] = (outcome) => (outcome === 'done' ? resolve(undefined) : reject(outcome));
        this.run(() => this.browser.request(name, { tab: this, work, end }, options));
      }),
    query: () => Promise.resolve({ held: this.browser.heldLocks() }),
  };

  openChannel(name: string): TabChannel {
    return new MemoryChannel(this, name);
  }

  post(name: string, message: unknown): void {
    this.run(() => this.browser.post(this, name, message));
  }

  listenersOf(name: string): Set<Listener> {
    const all = this.channels.get(name) ?? new Set();
    this.channels.set(name, all);
    return all;
  }

  isVisible(): boolean {
    return this.isInFront;
  }

  freeze(): void {
    this.waiting ??= [];
  }

  thaw(): void {
    const { waiting = [] } = this;
    this.waiting = undefined;
    for (const task of waiting) this.run(task);
  }

  /** As when the browser ends its process. */
  kill(): void {
    this.isDead = true;
    this.browser.buried(this);
  }

  /** The next messages to this tab are lost. */
  loseNext(messages: number): void {
    this.losing = messages;
  }

  deliver(name: string, data: unknown): void {
    if (this.losing > 0) {
      this.losing -= 1;
      return;
    }
    this.run(() => {
      for (const listener of [...(this.channels.get(name) ?? [])]) listener({ data });
    });
  }

  /** In a turn of its own, in order. */
  run(task: () => void): void {
    queueMicrotask(() => {
      if (this.isDead) return;
      if (this.waiting === undefined) task();
      else this.waiting.push(task);
    });
  }
}

class MemoryChannel implements TabChannel {
  private readonly mine = new Set<Listener>();

  constructor(
    private readonly tab: MemoryTab,
    private readonly name: string,
  ) {}

  postMessage(message: unknown): void {
    this.tab.post(this.name, message);
  }

  addEventListener(_type: 'message', listener: Listener): void {
    this.mine.add(listener);
    this.tab.listenersOf(this.name).add(listener);
  }

  close(): void {
    for (const listener of this.mine) this.tab.listenersOf(this.name).delete(listener);
  }
}
