import type { LiveConversation, Typist } from './live-conversation.js';
import type { Watcher } from './watcher.js';

/** A row goes to the inboxes at most once in this time, in milliseconds; the newest wins. */
const ROW_INTERVAL = 250;

/**
 * Rows of open cases as they change, for the watches that asked for the inbox.
 *
 * Holds every conversation that this replica knows to be open while an inbox is watched, so that a closing is told once
 * more and the heartbeat can compare. Rows that a watch names by cursor reach it there and not twice.
 */
export class InboxFeed {
  private readonly watchers = new Set<Watcher>();
  private readonly open = new Map<string, LiveConversation>();
  private readonly pending = new Set<LiveConversation>();
  private timer: NodeJS.Timeout | undefined;
  private loading: Promise<void> | undefined;
  /** Reads all open conversations into the hub, so that `changed` hears of each; set by the heartbeat. */
  load: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly dropped: (live: LiveConversation) => void) {}

  get isWatched(): boolean {
    return this.watchers.size > 0;
  }

  get openConversations(): ReadonlyMap<string, LiveConversation> {
    return this.open;
  }

  holds(live: LiveConversation): boolean {
    return this.open.has(live.id);
  }

  add(watcher: Watcher): void {
    this.watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.watchers.delete(watcher);
    if (this.isWatched) return;
    const held = [...this.open.values()];
    this.open.clear();
    this.pending.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.loading = undefined;
    for (const live of held) this.dropped(live);
  }

  /** Ends when all that is open is held: what closes afterwards is noticed. */
  known(): Promise<void> {
    this.loading ??= this.load().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  /** A conversation's row is new here. */
  changed(live: LiveConversation, wasOpen: boolean): void {
    const isOpen = live.row?.openCase != null;
    if (isOpen) this.open.set(live.id, live);
    else this.open.delete(live.id);
    if (!isOpen && !wasOpen) return;
    if (performance.now() - live.inboxAt >= ROW_INTERVAL) this.send(live);
    else this.sendLater(live);
  }

  /** A client's typing shows in the rows of waiting and own cases. */
  typing(live: LiveConversation | undefined, typist: Typist): void {
    const openCase = live?.row?.openCase;
    if (live === undefined || openCase == null || typist.side !== 'client') return;
    for (const watcher of this.watchers) {
      const concerns = openCase.assignee === null || openCase.assignee.id === watcher.owner.personId;
      if (concerns && !watcher.watches(live)) watcher.markInboxTyping(live.id, typist);
    }
  }

  private send(live: LiveConversation): void {
    live.inboxAt = performance.now();
    for (const watcher of this.watchers) if (!watcher.watches(live)) watcher.markRow(live);
  }

  private sendLater(live: LiveConversation): void {
    this.pending.add(live);
    this.timer ??= setTimeout(() => this.sendPending(), ROW_INTERVAL).unref();
  }

  private sendPending(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const live of this.pending) {
      if (now - live.inboxAt < ROW_INTERVAL) continue;
      this.pending.delete(live);
      this.send(live);
    }
    if (this.pending.size > 0) {
      const [first] = this.pending;
      const remaining = ROW_INTERVAL - (now - (first?.inboxAt ?? now));
      this.timer = setTimeout(() => this.sendPending(), Math.max(1, remaining)).unref();
    }
  }
}
