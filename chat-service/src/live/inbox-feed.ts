import type { Conversation } from '../conversation/conversation.js';
import { follow } from './following.js';
import type { LiveConversation, Typist } from './live-conversation.js';
import type { Watcher } from './watcher.js';

/** A row goes to the inboxes at most once in this time, in milliseconds; the newest wins. */
const ROW_INTERVAL = 250;

/** A conversation whose row went to the inboxes a moment ago. */
interface Rest {
  /** When the next row may go, on the monotonic clock. */
  readonly until: number;
  /** True when its row has changed since. */
  hasNews: boolean;
}

/**
 * Rows of open cases as they change, for the watches that asked for the inbox.
 *
 * Holds every conversation that this replica knows to be open while an inbox is watched, so that a closing is told once
 * more and the heartbeat can compare. Rows that a watch names by cursor reach it there and not twice. After a row went
 * out its conversation rests; what changed meanwhile goes out when the rest is over, so the last state always arrives.
 */
export class InboxFeed {
  private readonly watchers = new Set<Watcher>();
  private readonly open = new Map<string, LiveConversation>();
  /** In the order in which their rests end. */
  private readonly resting = new Map<LiveConversation, Rest>();
  private timer: NodeJS.Timeout | undefined;
  private loading: Promise<void> | undefined;
  /** Makes all open conversations known here, so that `changed` hears of each; set by the heartbeat. */
  load: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly dropped: (live: LiveConversation) => void) {}

  get isWatched(): boolean {
    return this.watchers.size > 0;
  }

  get openConversations(): ReadonlyMap<string, LiveConversation> {
    return this.open;
  }

  holds(live: LiveConversation): boolean {
    return this.open.get(live.id) === live || this.resting.has(live);
  }

  add(watcher: Watcher): void {
    this.watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.watchers.delete(watcher);
    if (!this.isWatched) this.forget();
  }

  /** Forgets all that is held: nobody watches any more, or it is of another log. */
  forget(): void {
    const held = new Set([...this.open.values(), ...this.resting.keys()]);
    this.open.clear();
    this.resting.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.loading = undefined;
    for (const live of held) this.dropped(live);
  }

  /** Ends when all that is open is held: what closes afterwards is noticed. */
  known(): Promise<void> {
    if (this.loading === undefined) {
      const loading = this.load().catch((error: unknown) => {
        if (this.loading === loading) this.loading = undefined;
        throw error;
      });
      this.loading = loading;
    }
    return this.loading;
  }

  /** A conversation as it stands before anybody's list is read: no news, but its changes will be. */
  learn(live: LiveConversation): void {
    if (live.row?.openCase != null) this.open.set(live.id, live);
    else this.open.delete(live.id);
  }

  /** A conversation's row is new here; `before` is the one held until now. */
  changed(live: LiveConversation, before: Conversation | undefined): void {
    this.learn(live);
    if (live.row?.openCase == null && before?.openCase == null) return;
    for (const watcher of this.watchers) follow(watcher, live, before);
    const rest = this.resting.get(live);
    if (rest === undefined) this.send(live);
    else rest.hasNews = true;
  }

  /** A client's typing shows in the rows of waiting and own cases. */
  typing(live: LiveConversation, typist: Typist): void {
    const openCase = live.row?.openCase;
    if (openCase == null || typist.side !== 'client') return;
    for (const watcher of this.watchers) {
      const concerns = openCase.assignee === null || openCase.assignee.id === watcher.owner.personId;
      if (concerns && !watcher.watches(live)) watcher.markInboxTyping(live.id, typist);
    }
  }

  private send(live: LiveConversation): void {
    for (const watcher of this.watchers) if (!watcher.watches(live)) watcher.markRow(live);
    this.resting.set(live, { until: performance.now() + ROW_INTERVAL, hasNews: false });
    this.timer ??= setTimeout(() => this.endRests(), ROW_INTERVAL).unref();
  }

  private endRests(): void {
    this.timer = undefined;
    const now = performance.now();
    const rested = [...this.resting].filter(([, { until }]) => until <= now);
    for (const [live, { hasNews }] of rested) {
      this.resting.delete(live);
      if (hasNews) this.send(live);
      else this.dropped(live);
    }
    const [next] = this.resting.values();
    if (next === undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.endRests(), Math.max(1, next.until - now)).unref();
  }
}
