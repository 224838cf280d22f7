import { ChatError } from '../chat-error.js';
import { CommitListener, type CommittedChange } from '../conversation/commit-listener.port.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Side } from '../conversation/entry.js';
import type { EventEncoder, ResetReason } from './event-encoder.port.js';
import type { Hint, Hints } from './hints.port.js';
import { InboxFeed } from './inbox-feed.js';
import { LiveConversation, type Typist } from './live-conversation.js';
import type { PresenceBoard } from './presence-board.js';
import type { EncodedEntry } from './ring.js';
import { SLOWEST_DRAIN, Slot, type WatchOwner, Watcher } from './watcher.js';
import type { WatchSink } from './watch-sink.js';

/** Further behind than this, a page is told to reload instead of being read to. */
const FURTHEST_BEHIND = 1_000;

/** Hints that arrive within this are read together, in milliseconds. */
const HINT_WINDOW = 5;

/** All rings together hold about this many bytes at most. */
const MOST_RING_BYTES = 64 * 1024 * 1024;

export interface WatchStart {
  /** As last heard by the page; empty: never. */
  readonly epoch: string;
  readonly cursors: readonly { readonly conversationId: string; readonly afterSeq: number }[];
  readonly inbox: boolean;
}

/** What the hub counts, for metrics and for tests that count causes. */
export interface HubCounts {
  watchersStarted: number;
  resumes: number;
  resets: number;
  entryReads: number;
  rowReads: number;
}

/**
 * Who watches what on this replica, and what they have to be told.
 *
 * Invariants: a watch registers here before it reads anything, so nothing that is committed afterwards can be missed.
 * Commits, hints and the heartbeat only offer newer rows and mark slots; what a slot then writes comes from its cursor.
 * Losing any of them costs time, at most one heartbeat, and never an entry.
 */
export class Hub extends CommitListener {
  readonly lives = new Map<string, LiveConversation>();
  readonly watchers = new Set<Watcher>();
  readonly counts: HubCounts = { watchersStarted: 0, resumes: 0, resets: 0, entryReads: 0, rowReads: 0 };
  readonly heartbeatBytes: Uint8Array;
  readonly inbox: InboxFeed;
  epoch = '';

  private readonly livesByClient = new Map<string, LiveConversation>();
  private readonly hinted = new Map<string, { version: number; attempt: number }>();
  private hintTimer: NodeJS.Timeout | undefined;
  private ringBytes = 0;
  private readonly ringOrder = new Set<LiveConversation>();
  private closing = false;

  constructor(
    private readonly log: ConversationLog,
    private readonly hints: Hints,
    readonly presence: PresenceBoard,
    readonly encoder: EventEncoder,
    private readonly onTrouble: (error: unknown) => void,
    readonly slowestDrain: number = SLOWEST_DRAIN,
  ) {
    super();
    this.heartbeatBytes = encoder.signal({ kind: 'heartbeat' });
    this.inbox = new InboxFeed((live) => this.dropIfUnwatched(live));
    presence.onChange = (changed) => this.markPresence(changed);
    presence.isWatched = (personId) => this.livesByClient.has(personId);
  }

  /** Begins to hear the other replicas. */
  start(): void {
    this.hints.listen((hint) => this.receive(hint));
  }

  // — Watches —

  /**
   * Serves one watch until it ends. Answers a function that the stream calls when its client has gone.
   * NOT_FOUND when a cursor names no conversation.
   */
  watch(owner: WatchOwner, start: WatchStart, sink: WatchSink): () => void {
    const watcher = new Watcher(this, owner, start.inbox, sink);
    this.counts.watchersStarted += 1;
    if (this.closing) {
      watcher.end(goingAway());
      return () => undefined;
    }
    this.register(watcher, start);
    void this.serve(watcher, start)
      .catch((error: unknown) => {
        if (!(error instanceof ChatError)) this.onTrouble(error);
        watcher.end(
          error instanceof ChatError
            ? error
            : new ChatError('unavailable', 'WATCH_BROKEN', 'This stream had to end. Watch again from your cursors.'),
        );
      })
      .finally(() => this.unregister(watcher));
    return () => watcher.gone();
  }

  private register(watcher: Watcher, start: WatchStart): void {
    this.watchers.add(watcher);
    for (const { conversationId, afterSeq } of start.cursors) {
      const live = this.liveOf(conversationId);
      const slot = new Slot(watcher, live, afterSeq);
      live.slots.add(slot);
      watcher.slots.push(slot);
    }
    if (start.inbox) this.inbox.add(watcher);
    this.presence.arrive(watcher.owner);
  }

  private async serve(watcher: Watcher, start: WatchStart): Promise<void> {
    const ids = watcher.slots.map(({ live }) => live.id);
    const [epoch] = await Promise.all([
      this.log.epoch(),
      this.readRows(ids),
      start.inbox ? this.inbox.known() : undefined,
    ]);
    this.epoch = epoch;
    for (const slot of watcher.slots) await this.begin(slot, start);
    await this.presence.look(clientsOf(watcher.owner.side === 'support' ? watcher.slots : []));
    for (const slot of watcher.slots) slot.mark();
    await watcher.run();
  }

  /** Where a cursor begins, or a reset that moves it to the head. */
  private async begin(slot: Slot, start: WatchStart): Promise<void> {
    const { live, watcher } = slot;
    // The row may be older than the page's cursor where this replica reads a lagging node: look once more.
    if (live.row !== undefined && slot.cursor > live.row.lastSeq) await this.readRows([live.id]);
    if (live.row === undefined) {
      throw new ChatError('not-found', 'CONVERSATION_NOT_FOUND', 'There is no such conversation.');
    }
    const reason = this.resetReason(slot, live.row, start.epoch);
    if (reason !== undefined) {
      this.counts.resets += 1;
      slot.cursor = live.row.lastSeq;
      watcher.tell({ kind: 'reset', conversationId: live.id, reason, epoch: this.epoch, afterSeq: slot.cursor });
    } else if (slot.cursor > 0) {
      this.counts.resumes += 1;
    }
    for (const [key, typist] of live.typists) {
      if (typist.until > performance.now() && typist.personId !== watcher.owner.personId) slot.typing.set(key, typist);
    }
  }

  private resetReason(slot: Slot, row: Conversation, epoch: string): ResetReason | undefined {
    if (epoch !== '' && epoch !== this.epoch) return 'other-epoch';
    if (slot.cursor > row.lastSeq) return 'beyond-head';
    if (slot.cursor > 0 && slot.cursor + 1 < row.firstSeq) return 'below-first';
    return row.lastSeq - slot.cursor > FURTHEST_BEHIND ? 'too-far-behind' : undefined;
  }

  private unregister(watcher: Watcher): void {
    watcher.gone();
    this.watchers.delete(watcher);
    for (const slot of watcher.slots) {
      slot.live.slots.delete(slot);
      this.dropIfUnwatched(slot.live);
    }
    if (watcher.inbox) this.inbox.remove(watcher);
    this.presence.leave(watcher.owner);
  }

  private liveOf(id: string): LiveConversation {
    let live = this.lives.get(id);
    if (live === undefined) {
      live = new LiveConversation(id, this.encoder);
      this.lives.set(id, live);
    }
    return live;
  }

  private dropIfUnwatched(live: LiveConversation): void {
    if (live.slots.size > 0 || this.inbox.holds(live)) return;
    this.lives.delete(live.id);
    if (live.row !== undefined) this.livesByClient.delete(live.row.client.id);
    this.emptyRing(live);
  }

  // — News —

  override committed(changes: readonly CommittedChange[]): void {
    for (const { conversation, entries } of changes) {
      const live = this.lives.get(conversation.id);
      if (live !== undefined || this.inbox.isWatched) {
        const known = live ?? this.liveOf(conversation.id);
        if (known.slots.size > 0) this.fillRing(known, known.encode(entries));
        this.endTyping(known, entries);
        this.offer(known, conversation);
      }
      const { id, version, lastSeq } = conversation;
      this.hints.publish({ kind: 'changed', conversationId: id, version, seq: lastSeq });
    }
  }

  /** Takes a row from a commit or a read; if it is news, whoever watches hears of it. */
  private offer(live: LiveConversation, row: Conversation): void {
    const wasOpen = live.row?.openCase != null || this.inbox.holds(live);
    if (!live.offer(row)) return;
    if (live.row !== undefined) this.livesByClient.set(live.row.client.id, live);
    for (const slot of live.slots) slot.mark();
    if (this.inbox.isWatched) this.inbox.changed(live, wasOpen);
    this.dropIfUnwatched(live);
  }

  private receive(hint: Hint): void {
    switch (hint.kind) {
      case 'changed':
        this.expect(hint.conversationId, hint.version);
        break;
      case 'typing':
        this.applyTyping(hint.conversationId, {
          side: hint.side,
          personId: hint.personId,
          displayName: hint.displayName,
          until: performance.now() + hint.forMs,
        });
        break;
      case 'presence':
        this.presence.hear(hint.personId);
        break;
    }
  }

  /** A conversation is known to have at least this version: reads it soon, together with others. */
  expect(conversationId: string, version: number, attempt = 0): void {
    const live = this.lives.get(conversationId);
    if (live === undefined && !this.inbox.isWatched) return;
    if ((live?.row?.version ?? 0) >= version) return;
    const known = this.hinted.get(conversationId);
    this.hinted.set(conversationId, { version: Math.max(version, known?.version ?? 0), attempt });
    this.hintTimer ??= setTimeout(() => {
      this.hintTimer = undefined;
      const batch = new Map(this.hinted);
      this.hinted.clear();
      void this.readHinted(batch).catch(this.onTrouble);
    }, HINT_WINDOW).unref();
  }

  private async readHinted(batch: Map<string, { version: number; attempt: number }>): Promise<void> {
    await this.readRows([...batch.keys()]);
    for (const [id, { version, attempt }] of batch) {
      const live = this.lives.get(id);
      if (live !== undefined && (live.row?.version ?? 0) < version)
        this.lookLater(() => this.expect(id, version, attempt + 1), attempt);
    }
  }

  /** The database this replica reads does not show yet what is known to be committed: looks again, ever less often. */
  private lookLater(look: () => void, attempt: number): void {
    if (attempt < 12) setTimeout(look, Math.min(20 * 2 ** attempt, 2_000)).unref();
  }

  /** A row is newer than the entries that could be read. */
  lookAgain(live: LiveConversation): void {
    this.lookLater(() => {
      for (const slot of live.slots) slot.mark();
    }, 1);
  }

  /** A conversation's row, as held here while somebody watches, else as stored. */
  async row(conversationId: string): Promise<Conversation | undefined> {
    return this.lives.get(conversationId)?.row ?? (await this.log.conversations([conversationId]))[0];
  }

  /** Reads rows in one query and offers them. */
  async readRows(ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += 500) {
      this.counts.rowReads += 1;
      for (const row of await this.log.conversations(ids.slice(start, start + 500))) {
        const live = this.lives.get(row.id) ?? (this.inbox.isWatched ? this.liveOf(row.id) : undefined);
        if (live !== undefined) this.offer(live, row);
      }
    }
  }

  // — Entries —

  /** The entries after a cursor, from the ring, else by one read that all who need it share. */
  async entriesAfter(live: LiveConversation, seq: number, limit: number): Promise<EncodedEntry[]> {
    const held = live.ring.after(seq, limit);
    if (held !== undefined && held.length > 0) return held;
    const underWay = live.reads.get(seq);
    if (underWay !== undefined) return underWay;
    this.counts.entryReads += 1;
    const read = this.log
      .entriesAfter(live.id, seq, limit)
      .then((entries) => {
        const items = live.encode(entries);
        const { end } = live.ring;
        if (end === undefined || items[0]?.entry.seq === end + 1) this.fillRing(live, items);
        this.endTyping(live, entries);
        return items;
      })
      .finally(() => live.reads.delete(seq));
    live.reads.set(seq, read);
    return read;
  }

  private fillRing(live: LiveConversation, items: readonly EncodedEntry[]): void {
    if (items.length === 0) return;
    this.ringBytes -= live.ring.size;
    live.ring.append(items);
    this.ringBytes += live.ring.size;
    this.ringOrder.delete(live);
    this.ringOrder.add(live);
    for (const oldest of this.ringOrder) {
      if (this.ringBytes <= MOST_RING_BYTES) break;
      this.emptyRing(oldest);
    }
  }

  private emptyRing(live: LiveConversation): void {
    this.ringBytes -= live.ring.size;
    live.ring.clear();
    this.ringOrder.delete(live);
  }

  // — Typing and presence —

  /** Somebody on this replica types, or has stopped (`forMs` 0). */
  typing(conversationId: string, typist: Omit<Typist, 'until'>, forMs: number): void {
    this.applyTyping(conversationId, { ...typist, until: performance.now() + forMs });
    this.hints.publish({ kind: 'typing', conversationId, ...typist, forMs });
  }

  private applyTyping(conversationId: string, typist: Typist): void {
    const live = this.lives.get(conversationId);
    if (live === undefined) {
      if (!this.inbox.isWatched || typist.side !== 'client') return;
      void this.readRows([conversationId])
        .then(() => this.inbox.typing(this.lives.get(conversationId), typist))
        .catch(this.onTrouble);
      return;
    }
    if (typist.until <= performance.now()) {
      if (!live.typists.delete(typist.personId)) return;
    } else {
      live.typists.set(typist.personId, typist);
    }
    this.markTyping(live, typist);
  }

  private endTyping(live: LiveConversation, entries: Parameters<LiveConversation['typingEndedBy']>[0]): void {
    for (const typist of live.typingEndedBy(entries)) this.markTyping(live, typist);
  }

  private markTyping(live: LiveConversation, typist: Typist): void {
    for (const slot of live.slots) {
      if (slot.watcher.owner.personId === typist.personId) continue;
      slot.typing.set(typist.personId, typist);
      slot.mark();
    }
    if (typist.side === 'client') this.inbox.typing(live, typist);
  }

  /** To a client, whether support is there; to administrators, whether the client is. */
  presenceFor(side: Side, live: LiveConversation): boolean {
    if (side === 'client') return this.presence.supportAvailable;
    return live.row !== undefined && this.presence.isOnline(live.row.client.id);
  }

  private markPresence(changed: ReadonlySet<string> | 'support'): void {
    const side = changed === 'support' ? 'client' : 'support';
    const lives = changed === 'support' ? this.lives.values() : this.livesOf(changed);
    for (const live of lives) {
      for (const slot of live.slots) if (slot.watcher.owner.side === side) slot.mark();
    }
  }

  private *livesOf(personIds: ReadonlySet<string>): Iterable<LiveConversation> {
    for (const personId of personIds) {
      const live = this.livesByClient.get(personId);
      if (live !== undefined) yield live;
    }
  }

  /** The clients of conversations that somebody names. */
  watchedClients(): Set<string> {
    return new Set(
      clientsOf([...this.watchers].flatMap(({ owner, slots }) => (owner.side === 'support' ? slots : []))),
    );
  }

  // — Healing —

  /** Another log has taken this one's place: every page reloads. */
  changeEpoch(epoch: string): void {
    if (this.epoch === epoch) return;
    const first = this.epoch === '';
    this.epoch = epoch;
    if (first) return;
    for (const live of this.lives.values()) this.emptyRing(live);
    for (const watcher of this.watchers) {
      watcher.end(new ChatError('unavailable', 'OTHER_EPOCH', 'The log was restored. Watch again from your cursors.'));
    }
  }

  /** Forgets who stopped typing without saying so. */
  forgetTypists(): void {
    const now = performance.now();
    for (const { typists } of this.lives.values()) {
      for (const [key, typist] of typists) if (typist.until <= now) typists.delete(key);
    }
  }

  // — Ends —

  /** Closes the streams of a session that has ended. */
  endSession(sessionId: string): void {
    for (const watcher of this.watchers) {
      if (watcher.owner.sessionId === sessionId) {
        watcher.end(new ChatError('unauthenticated', 'SESSION_ENDED', 'This session has ended. Sign in again.'), {
          kind: 'session-ending',
          reason: 'signed-out',
        });
      }
    }
  }

  /** Tells every page to go elsewhere, spread over `milliseconds`, and takes no new watches. */
  goAway(milliseconds: number): void {
    this.closing = true;
    for (const watcher of this.watchers) {
      watcher.tell({ kind: 'going-away', delayMs: Math.round(Math.random() * milliseconds) });
    }
  }

  /** Ends what is still open. */
  async close(): Promise<void> {
    this.closing = true;
    for (const watcher of this.watchers) watcher.end(goingAway());
    clearTimeout(this.hintTimer);
    await this.hints.close();
  }
}

function clientsOf(slots: readonly Slot[]): string[] {
  return slots.flatMap(({ live }) => (live.row === undefined ? [] : [live.row.client.id]));
}

function goingAway(): ChatError {
  return new ChatError('unavailable', 'GOING_AWAY', 'This replica is stopping. Watch again from your cursors.');
}
