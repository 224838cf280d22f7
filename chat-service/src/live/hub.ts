import { setTimeout as wait } from 'node:timers/promises';
import { ChatError } from '../chat-error.js';
import { CommitListener, type CommittedChange } from '../conversation/commit-listener.port.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Side } from '../conversation/entry.js';
import { EntryPages } from './entry-pages.js';
import type { EventEncoder, ResetReason, Signal } from './event-encoder.port.js';
import { ExpectedRows, patience } from './expected-rows.js';
import type { Hint, Hints } from './hints.port.js';
import { beginFollowing } from './following.js';
import { InboxFeed } from './inbox-feed.js';
import { LiveConversation, type Typist } from './live-conversation.js';
import type { PresenceBoard } from './presence-board.js';
import { resetReason } from './reset-reason.js';
import type { EncodedEntry } from './ring.js';
import { SLOWEST_DRAIN, Slot, type WatchOwner, Watcher } from './watcher.js';
import type { WatchSink } from './watch-sink.js';

/** How often a new watch looks for what its page knows and a lagging database does not show yet: 1.3 s in all. */
const MOST_FIRST_LOOKS = 6;

/** Rows read in one query. */
const MOST_ROWS = 500;

export interface WatchStart {
  /** As last heard by the page; empty: never. */
  readonly epoch: string;
  readonly cursors: readonly { readonly conversationId: string; readonly afterSeq: number }[];
  readonly inbox: boolean;
  /**
   * With `inbox`: also the entries of the conversations that it says yes to, those written from now on; each as long as
   * it says so. Pure.
   */
  readonly follows?: (row: Conversation) => boolean;
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
  private readonly pages: EntryPages;
  private readonly expected: ExpectedRows;
  private closing = false;

  constructor(
    private readonly log: ConversationLog,
    private readonly hints: Hints,
    readonly presence: PresenceBoard,
    readonly encoder: EventEncoder,
    readonly onTrouble: (error: unknown) => void,
    readonly slowestDrain: number = SLOWEST_DRAIN,
  ) {
    super();
    this.heartbeatBytes = encoder.signal({ kind: 'heartbeat' });
    this.inbox = new InboxFeed((live) => this.dropIfUnwatched(live));
    this.pages = new EntryPages(log, encoder, this.counts);
    this.expected = new ExpectedRows((ids) => this.readRows(ids), onTrouble);
    presence.onChange = (changed) => this.markPresence(changed);
    presence.isWatched = (personId) => this.livesByClient.get(personId)?.isNamedBy('support') === true;
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
    const watcher = new Watcher(this, owner, start, sink);
    this.counts.watchersStarted += 1;
    if (this.closing) {
      watcher.end(goingAway());
      return () => undefined;
    }
    this.watchers.add(watcher);
    this.presence.arrive(owner);
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

  private async serve(watcher: Watcher, start: WatchStart): Promise<void> {
    this.changeEpoch(await this.log.epoch());
    if (!watcher.isOpen) return;
    this.register(watcher, start);
    await Promise.all([
      this.readRows(watcher.slots.map(({ live }) => live.id)),
      start.inbox ? this.inbox.known() : undefined,
    ]);
    await Promise.all(watcher.slots.map((slot) => this.begin(slot, start.epoch)));
    beginFollowing(watcher, this.inbox.openConversations.values());
    await this.presence.look(clientsOf(watcher.owner.side === 'support' ? watcher.slots : []));
    for (const slot of watcher.slots) slot.mark();
    await watcher.run();
  }

  private register(watcher: Watcher, start: WatchStart): void {
    watcher.epoch = this.epoch;
    for (const { conversationId, afterSeq } of start.cursors) {
      const live = this.liveOf(conversationId);
      const slot = new Slot(watcher, live, afterSeq);
      live.slots.add(slot);
      watcher.slots.push(slot);
    }
    if (start.inbox) this.inbox.add(watcher);
  }

  /** Where a cursor begins, or a reset that moves it to the head. */
  private async begin(slot: Slot, epoch: string): Promise<void> {
    const { live, watcher } = slot;
    const isOfThisLog = epoch === '' || epoch === watcher.epoch;
    await this.awaitRow(slot, isOfThisLog ? slot.cursor : 0);
    if (live.row === undefined) {
      throw new ChatError('not-found', 'CONVERSATION_NOT_FOUND', 'There is no such conversation.');
    }
    if (slot.cursor === 0) slot.cursor = live.row.firstSeq - 1;
    const reason = isOfThisLog ? resetReason(slot.cursor, live.row) : 'other-epoch';
    if (reason !== undefined) watcher.tell(this.reset(slot, live.row, reason));
    else if (slot.cursor > 0) this.counts.resumes += 1;
    for (const typist of live.typingNow()) slot.showTyping(typist);
  }

  /** A page may know more than the node that this replica reads: gives it a moment. */
  private async awaitRow({ live, watcher }: Slot, seq: number): Promise<void> {
    for (let looks = 0; looks < MOST_FIRST_LOOKS && watcher.isOpen; looks += 1) {
      if (live.row !== undefined && live.row.lastSeq >= seq) return;
      await wait(patience(looks), undefined, { ref: false });
      await this.readRows([live.id]);
    }
  }

  /** Moves a cursor to the head, and says so. */
  reset(slot: Slot, row: Conversation, reason: ResetReason): Signal {
    this.counts.resets += 1;
    slot.cursor = row.lastSeq;
    return { kind: 'reset', conversationId: row.id, reason, epoch: this.epoch, afterSeq: row.lastSeq };
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

  /** One conversation is none of this watch's any more. */
  leave(slot: Slot): void {
    slot.watcher.slots.splice(slot.watcher.slots.indexOf(slot), 1);
    slot.live.slots.delete(slot);
    this.dropIfUnwatched(slot.live);
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
    this.pages.forget(live);
    live.stopLooking();
    if (this.lives.get(live.id) !== live) return;
    this.lives.delete(live.id);
    if (live.row !== undefined) this.livesByClient.delete(live.row.client.id);
    if (!this.inbox.isWatched) this.expected.forget(live.id);
  }

  // — News —

  override committed(changes: readonly CommittedChange[]): void {
    for (const { conversation, entries } of changes) {
      const live = this.interesting(conversation.id);
      if (live !== undefined) {
        this.pages.append(live, entries);
        this.tellTyping(live, live.typingEndedBy(entries));
        this.offer(live, conversation);
      }
      const { id, version, lastSeq } = conversation;
      this.hints.publish({ kind: 'changed', conversationId: id, version, seq: lastSeq });
    }
  }

  /** What is held of a conversation; while an inbox is watched, any may matter. */
  private interesting(id: string): LiveConversation | undefined {
    return this.inbox.isWatched ? this.liveOf(id) : this.lives.get(id);
  }

  /** Takes a row from a commit or a read; if it is news, whoever watches hears of it. */
  private offer(live: LiveConversation, row: Conversation): void {
    const before = live.row;
    if (this.take(live, row) && this.inbox.isWatched) {
      if (clientWrote(before, row)) this.tellTyping(live, live.endTyping(row.client.id, row.lastSeq));
      this.inbox.changed(live, before);
    }
    this.dropIfUnwatched(live);
  }

  /** Keeps a row if it is newer than the one held, for those who name its conversation. */
  private take(live: LiveConversation, row: Conversation): boolean {
    if (!live.offer(row)) return false;
    this.livesByClient.set(row.client.id, live);
    live.mark();
    return true;
  }

  private receive(hint: Hint): void {
    switch (hint.kind) {
      case 'changed': {
        const live = this.lives.get(hint.conversationId);
        if (live !== undefined) live.head = Math.max(live.head, hint.seq);
        this.expect(hint.conversationId, hint.version);
        break;
      }
      case 'typing':
        this.hearTyping(hint.conversationId, {
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
  expect(conversationId: string, version: number): void {
    const live = this.lives.get(conversationId);
    if (live === undefined && !this.inbox.isWatched) return;
    if ((live?.row?.version ?? 0) < version) this.expected.expect(conversationId, version);
  }

  /** A conversation's row, as held here while somebody watches, else as stored. */
  async row(conversationId: string): Promise<Conversation | undefined> {
    return this.lives.get(conversationId)?.row ?? (await this.log.conversations([conversationId]))[0];
  }

  /** Reads rows and offers them; answers the versions it saw. */
  async readRows(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.rowsOf(ids);
    for (const row of rows) {
      const live = this.interesting(row.id);
      if (live !== undefined) this.offer(live, row);
    }
    return new Map(rows.map(({ id, version }) => [id, version]));
  }

  /** Reads rows that an inbox has to know before it begins: they are no news to it, since its page lists them after. */
  async learnRows(ids: readonly string[]): Promise<void> {
    for (const row of await this.rowsOf(ids)) {
      const live = this.interesting(row.id);
      if (live === undefined) continue;
      this.take(live, row);
      this.inbox.learn(live);
      this.dropIfUnwatched(live);
    }
  }

  private async rowsOf(ids: readonly string[]): Promise<Conversation[]> {
    const rows: Conversation[] = [];
    for (let start = 0; start < ids.length; start += MOST_ROWS) {
      this.counts.rowReads += 1;
      rows.push(...(await this.log.conversations(ids.slice(start, start + MOST_ROWS))));
    }
    return rows;
  }

  /** A page of entries after a cursor, which all who need it share. */
  async entriesAfter(live: LiveConversation, seq: number): Promise<EncodedEntry[]> {
    const page = await this.pages.after(live, seq);
    if (page.length > 0) live.stopLooking();
    this.tellTyping(live, live.typingEndedBy(page.map(({ entry }) => entry)));
    return page;
  }

  // — Typing and presence —

  /** Somebody on this replica types, or has stopped (`forMs` 0). */
  typing(conversationId: string, typist: Omit<Typist, 'until'>, forMs: number): void {
    this.hearTyping(conversationId, { ...typist, until: performance.now() + forMs });
    this.hints.publish({ kind: 'typing', conversationId, ...typist, forMs });
  }

  private hearTyping(conversationId: string, typist: Typist): void {
    const live = this.lives.get(conversationId);
    if (live?.hearTyping(typist) === true) this.tellTyping(live, [typist]);
  }

  private tellTyping(live: LiveConversation, typists: readonly Typist[]): void {
    for (const typist of typists) {
      for (const slot of live.slots) slot.showTyping(typist);
      this.inbox.typing(live, typist);
    }
  }

  /** To a client, whether support is there; to administrators, whether the client is. */
  presenceFor(side: Side, live: LiveConversation): boolean {
    if (side === 'client') return this.presence.supportAvailable;
    return live.row !== undefined && this.presence.isOnline(live.row.client.id);
  }

  private markPresence(changed: ReadonlySet<string> | 'support'): void {
    if (changed === 'support') {
      for (const live of this.lives.values()) live.mark('client');
    } else {
      for (const personId of changed) this.livesByClient.get(personId)?.mark('support');
    }
  }

  /** The clients of conversations that somebody names. */
  watchedClients(): Set<string> {
    return new Set(
      clientsOf([...this.watchers].flatMap(({ owner, slots }) => (owner.side === 'support' ? slots : []))),
    );
  }

  // — Healing —

  /** If another log has taken this one's place, nothing held is true any more: every page watches again. */
  changeEpoch(epoch: string): void {
    if (this.epoch === epoch) return;
    this.epoch = epoch;
    for (const live of this.lives.values()) this.pages.forget(live);
    this.lives.clear();
    this.livesByClient.clear();
    this.inbox.forget();
    this.expected.clear();
    for (const watcher of this.watchers) {
      if (watcher.epoch === '') continue;
      watcher.end(new ChatError('unavailable', 'OTHER_EPOCH', 'The log was restored. Watch again from your cursors.'));
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
    this.expected.clear();
  }
}

/** True when there are more unread messages of the client than before. */
function clientWrote(before: Conversation | undefined, row: Conversation): boolean {
  return before !== undefined && row.progress.support.unread > before.progress.support.unread;
}

function clientsOf(slots: readonly Slot[]): string[] {
  return slots.flatMap(({ live }) => (live.row === undefined ? [] : [live.row.client.id]));
}

function goingAway(): ChatError {
  return new ChatError('unavailable', 'GOING_AWAY', 'This replica is stopping. Watch again from your cursors.');
}
