import { Leadership } from './leadership.js';
import {
  isLater,
  type FollowerMessage,
  type FromLeader,
  type LeaderMessage,
  type Term,
  type ToLeader,
} from './tab-message.js';
import { packed, unpacked } from './tab-wire.js';
import type { TabChannel, Tabs } from './tabs.js';

export interface CircleEvents {
  /** This tab leads from now on. */
  leads(): void;
  /** This tab leads no more. */
  follows(): void;
  /** The leader said this to everybody or to this tab; so it does when this tab leads. */
  told(said: FromLeader): void;
  /** There is a new leader, or some news were missed: say anew what this tab watches and how far it has come. */
  outOfStep(): void;
  /** While this tab leads: another tab says this. */
  asked(tab: string, request: ToLeader): void;
  /** While this tab leads: that tab is gone, and never comes back under this name. */
  gone(tab: string): void;
  /** What this tab hears is not live. */
  isInTrouble(): boolean;
}

const TICK_MS = 500;
/** A leader that says nothing for so long is asked for a sign of life. */
const QUIET_MS = 1_000;
/** A leader that says nothing for so long, though asked, is frozen. */
const FROZEN_MS = 2_000;
/** When the tick comes later than this, it was this tab that stood still. */
const LATE_MS = 1_500;

/**
 * The tabs that have one leader. Whoever holds the lock leads; when it dies, the browser gives the lock to the next in
 * line at once. A leader that lives but does not answer for 2 s loses the lock to whoever notices. It may not know yet
 * and go on talking: its term is earlier than the new one's, so nobody listens. What a leader tells comes in order, and
 * whoever has missed some of it notices by the count at the next word.
 */
export class TabCircle {
  private readonly channel: TabChannel;
  private readonly leadership: Leadership;
  private readonly waiting = new AbortController();
  private readonly members = new Map<string, AbortController>();
  private term: Term | undefined;
  private count = 0;
  private heardAt = 0;
  private tickedAt = 0;
  private asksForLife = false;
  private leaderIsVisible = true;
  private ticker: ReturnType<typeof setTimeout> | undefined;
  private leave: (() => void) | undefined;
  private isOver = false;

  constructor(
    private readonly tabs: Tabs,
    /** Of the circle: tabs of another name hear nothing of it. */
    private readonly name: string,
    private readonly tab: string,
    private readonly events: CircleEvents,
  ) {
    this.channel = tabs.openChannel(name);
    this.channel.addEventListener('message', ({ data }) => this.received(data));
    this.leadership = new Leadership(tabs.locks, `${name}/leader`, {
      won: () => this.won(),
      lost: () => this.stepDown(),
    });
    // The leader waits for the same lock to hear of this tab's end, so this tab has to hold it before it says anything.
    tabs.locks.request(this.lockOf(tab), { signal: this.waiting.signal }, () => this.join()).catch(() => undefined);
  }

  get isLeading(): boolean {
    return this.leadership.isHeld;
  }

  /** To the leader, which is another tab. */
  ask(toLeader: ToLeader): void {
    if (this.leave !== undefined) this.post({ from: this.tab, knows: this.term, toLeader });
  }

  /** As the leader. */
  tell(fromLeader: FromLeader): void {
    if (!this.isLeading || this.term === undefined) return;
    if (fromLeader.kind === 'news') this.count += 1;
    const addressee = 'to' in fromLeader ? fromLeader.to : undefined;
    if (addressee !== this.tab) {
      this.post({ term: this.term, count: this.count, isVisible: this.tabs.isVisible(), fromLeader });
    }
    if (addressee === undefined || addressee === this.tab) this.events.told(fromLeader);
  }

  /** This tab is in front again, and may have slept: the leader has to answer soon. */
  wake(): void {
    this.heardAt = Math.min(this.heardAt, performance.now() - QUIET_MS);
    this.asksForLife = false;
    this.ask({ kind: 'wake' });
  }

  close(): void {
    this.isOver = true;
    clearTimeout(this.ticker);
    this.leadership.leave();
    this.forgetMembers();
    this.waiting.abort();
    this.leave?.();
    this.leave = undefined;
    this.channel.close();
  }

  /** Holds this tab's own lock as long as it belongs to the circle. */
  private async join(): Promise<void> {
    if (this.isOver) return;
    const left = new Promise<void>((resolve) => (this.leave = resolve));
    this.heardAt = performance.now();
    this.tickedAt = this.heardAt;
    this.ticker = setTimeout(() => this.tick(), TICK_MS);
    this.leadership.queue();
    this.events.outOfStep();
    await left;
  }

  private won(): void {
    this.term = this.nextTerm(this.term);
    this.count = 0;
    this.events.leads();
    this.tell({ kind: 'beat' });
  }

  private stepDown(): void {
    this.forgetMembers();
    this.heardAt = performance.now();
    this.asksForLife = false;
    this.events.follows();
  }

  private received(data: unknown): void {
    const message = unpacked(data);
    if (message === undefined || this.isOver) return;
    if ('toLeader' in message) this.followerSaid(message);
    else this.leaderSaid(message);
  }

  private followerSaid({ from, knows, toLeader }: FollowerMessage): void {
    if (!this.isLeading || this.term === undefined) return;
    // The clock may have been set back since.
    if (knows !== undefined && isLater(knows, this.term)) {
      this.term = this.nextTerm(knows);
      this.tell({ kind: 'beat' });
    }
    if (toLeader.kind === 'ping') {
      this.tell({ kind: 'beat' });
      return;
    }
    this.waitForEndOf(from);
    this.events.asked(from, toLeader);
  }

  private leaderSaid({ term, count, isVisible, fromLeader }: LeaderMessage): void {
    if (this.term !== undefined && isLater(this.term, term)) return;
    if (this.isLeading) {
      this.leadership.queue();
      this.stepDown();
    }
    this.heardAt = performance.now();
    this.asksForLife = false;
    this.leaderIsVisible = isVisible;
    const isForMe = 'to' in fromLeader && fromLeader.to === this.tab;
    const isNew = this.term === undefined || isLater(term, this.term);
    const expected = fromLeader.kind === 'news' ? this.count + 1 : this.count;
    this.term = term;
    this.count = count;
    if ((isNew || count !== expected) && !isForMe) this.events.outOfStep();
    if (isForMe || !('to' in fromLeader)) this.events.told(fromLeader);
  }

  private tick(): void {
    this.ticker = setTimeout(() => this.tick(), TICK_MS);
    const now = performance.now();
    const wasLate = now - this.tickedAt > LATE_MS;
    this.tickedAt = now;
    if (this.isLeading) return;
    if (wasLate) {
      this.heardAt = Math.max(this.heardAt, now - QUIET_MS);
      this.asksForLife = false;
    }
    const quietForMs = now - this.heardAt;
    const isFrozen = this.asksForLife && quietForMs >= FROZEN_MS;
    // In a hidden tab the tries to reconnect may come once a minute only.
    const isSlow = !this.leaderIsVisible && this.tabs.isVisible() && this.events.isInTrouble();
    if (isFrozen || isSlow) {
      this.heardAt = now;
      this.asksForLife = false;
      this.leaderIsVisible = true;
      this.leadership.take();
    } else if (quietForMs >= QUIET_MS && !this.asksForLife) {
      this.asksForLife = true;
      this.ask({ kind: 'ping' });
    }
  }

  private waitForEndOf(tab: string): void {
    if (this.members.has(tab)) return;
    const waiting = new AbortController();
    this.members.set(tab, waiting);
    const gone = (): Promise<void> => {
      if (this.members.get(tab) === waiting) {
        this.members.delete(tab);
        this.events.gone(tab);
      }
      return Promise.resolve();
    };
    this.tabs.locks.request(this.lockOf(tab), { signal: waiting.signal }, gone).catch(() => undefined);
  }

  private forgetMembers(): void {
    for (const waiting of this.members.values()) waiting.abort();
    this.members.clear();
  }

  private nextTerm(before: Term | undefined): Term {
    return { since: Math.max(Date.now(), (before?.since ?? 0) + 1), tab: this.tab };
  }

  private lockOf(tab: string): string {
    return `${this.name}/tab/${tab}`;
  }

  private post(message: FollowerMessage | LeaderMessage): void {
    this.channel.postMessage(packed(message));
  }
}
