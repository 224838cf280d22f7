import { ChatError } from '../chat-error.js';
import type { Side } from '../conversation/entry.js';
import type { Role } from '../identity/caller.js';
import type { Signal } from './event-encoder.port.js';
import type { Hub, WatchStart } from './hub.js';
import type { LiveConversation, Typist } from './live-conversation.js';
import type { WatchSink } from './watch-sink.js';

/** Whose watch it is. */
export interface WatchOwner {
  readonly personId: string;
  readonly role: Role;
  readonly side: Side;
  readonly sessionId: string;
  /** When the access token ends, in milliseconds since 1970 by this process's clock. */
  readonly expiresAt: number;
}

/** A stream that takes nothing for this long is given up, in milliseconds. */
export const SLOWEST_DRAIN = 30_000;

/** One conversation in one watch: a cursor and what has changed since it was last served. */
export class Slot {
  /** The last version of the row that was written. */
  sentVersion = 0;
  /** The last presence that was written. */
  sentPresence: boolean | undefined;
  readonly typing = new Map<string, Typist>();
  /** Entries before the first of this case are older than the watch, and passed over. */
  beginsWithCase: string | undefined;

  constructor(
    readonly watcher: Watcher,
    readonly live: LiveConversation,
    /** The last seq that was written, or that the page holds. */
    public cursor: number,
  ) {}

  /** Something of this conversation may be news to this watch. */
  mark(): void {
    this.watcher.mark(this);
  }

  /** Nobody is told of their own typing. */
  showTyping(typist: Typist): void {
    if (typist.personId === this.watcher.owner.personId) return;
    this.typing.set(typist.personId, typist);
    this.mark();
  }
}

/**
 * One watch: cursors and dirty flags, never a queue, so that its memory is one page and a slot per conversation however
 * slow its reader is.
 *
 * Invariants: entries of a conversation are written in seq order from the cursor on, each once. A slot is served when
 * something marked it; marking twice costs nothing. A row is written after the entries it counts. What stood when the
 * watch began goes before `caught-up`, inbox rows and their typing after it. One loop writes; whoever marks only wakes
 * it.
 */
export class Watcher {
  readonly slots: Slot[] = [];
  /** Of the log that its cursors belong to; empty until it begins. */
  epoch = '';
  /** Of its start, once what stood before it is known. */
  follows: WatchStart['follows'];
  /** When it last heard a heartbeat, on the monotonic clock. */
  heardAt = performance.now();
  private readonly dirty = new Set<Slot>();
  /** By conversation: what was closed and opened again meanwhile takes one place. */
  private readonly dirtyRows = new Map<string, LiveConversation>();
  private readonly inboxTyping = new Map<string, Typist & { conversationId: string }>();
  private readonly signals: Signal[] = [];
  private heartbeatDue = false;
  private caughtUp = false;
  private ended = false;
  private wake: () => void = () => undefined;
  private stopWaiting: () => void = () => undefined;

  constructor(
    private readonly hub: Hub,
    readonly owner: WatchOwner,
    readonly start: WatchStart,
    private readonly sink: WatchSink,
  ) {}

  get inbox(): boolean {
    return this.start.inbox;
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  watches(live: LiveConversation): boolean {
    return this.slots.some((slot) => slot.live === live);
  }

  mark(slot: Slot): void {
    this.dirty.add(slot);
    this.wake();
  }

  markRow(live: LiveConversation): void {
    this.dirtyRows.set(live.id, live);
    this.wake();
  }

  markInboxTyping(conversationId: string, typist: Typist): void {
    this.inboxTyping.set(`${conversationId} ${typist.personId}`, { ...typist, conversationId });
    this.wake();
  }

  heartbeat(): void {
    this.heardAt = performance.now();
    this.heartbeatDue = true;
    this.wake();
  }

  /** At most one of each kind is ever told, so this list stays short. */
  tell(signal: Signal): void {
    this.signals.push(signal);
    this.wake();
  }

  /** Ends the stream now, even one that takes nothing. A stream that fails at that is at its end as well. */
  end(error?: ChatError, last?: Signal): void {
    if (this.ended) return;
    this.gone();
    try {
      if (last !== undefined) this.sink.write(this.hub.encoder.signal(last));
      this.sink.end(error);
    } catch (failure) {
      this.hub.onTrouble(failure);
    }
  }

  /** The client has gone: nothing more can be written. */
  gone(): void {
    this.ended = true;
    this.stopWaiting();
    this.wake();
  }

  /** Serves what is marked until the stream ends. */
  async run(): Promise<void> {
    while (!this.ended) {
      const event = this.nextSignal();
      if (event !== undefined) {
        await this.write(event);
        continue;
      }
      const [slot] = this.dirty;
      if (slot !== undefined) {
        this.dirty.delete(slot);
        await this.serve(slot);
      }
      // Each turn serves one of both, so that a busy conversation does not keep the inbox waiting.
      if (this.caughtUp) await this.writeInboxRow();
      else if (this.slots.every(({ sentVersion }) => sentVersion > 0)) {
        this.caughtUp = true;
        await this.write(this.hub.encoder.signal({ kind: 'caught-up', epoch: this.epoch }));
      }
      if (!this.hasWork) await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = () => undefined;
    }
  }

  private get hasWork(): boolean {
    return (
      this.ended ||
      this.heartbeatDue ||
      this.signals.length > 0 ||
      this.dirty.size > 0 ||
      (this.caughtUp && this.dirtyRows.size + this.inboxTyping.size > 0)
    );
  }

  private nextSignal(): Uint8Array | undefined {
    const signal = this.signals.shift();
    if (signal !== undefined) return this.hub.encoder.signal(signal);
    if (this.heartbeatDue) {
      this.heartbeatDue = false;
      return this.hub.heartbeatBytes;
    }
    if (!this.caughtUp) return undefined;
    const [next] = this.inboxTyping;
    if (next === undefined) return undefined;
    const [key, typist] = next;
    this.inboxTyping.delete(key);
    return this.hub.encoder.signal(typingSignal(typist.conversationId, typist));
  }

  private async writeInboxRow(): Promise<void> {
    const [next] = this.dirtyRows;
    if (next === undefined) return;
    const [id, live] = next;
    this.dirtyRows.delete(id);
    const bytes = live.rowBytes;
    if (bytes !== undefined) await this.write(bytes);
  }

  /** One page of entries, then, once at the head, the row, presence and typing as they stand. */
  private async serve(slot: Slot): Promise<void> {
    const { live } = slot;
    if (live.row === undefined) return;
    if (slot.cursor + 1 < live.row.firstSeq) {
      await this.write(this.hub.encoder.signal(this.hub.reset(slot, live.row, 'below-first')));
    }
    if (slot.cursor < live.row.lastSeq) {
      const before = slot.cursor;
      await this.writePage(slot);
      if (slot.cursor < live.row.lastSeq) {
        if (slot.cursor > before) this.dirty.add(slot);
        else live.lookAgain();
        return;
      }
    }
    if (live.row.version > slot.sentVersion) {
      slot.sentVersion = live.row.version;
      const bytes = live.rowBytes;
      if (bytes !== undefined) await this.write(bytes);
    }
    const presence = this.hub.presenceFor(this.owner.side, live);
    if (presence !== slot.sentPresence) {
      slot.sentPresence = presence;
      await this.write(
        this.hub.encoder.signal(
          this.owner.side === 'client'
            ? { kind: 'support-presence', available: presence }
            : { kind: 'client-presence', conversationId: live.id, online: presence },
        ),
      );
    }
    for (const [key, typist] of slot.typing) {
      slot.typing.delete(key);
      await this.write(this.hub.encoder.signal(typingSignal(live.id, typist)));
    }
    if (this.follows?.(live.row) === false && slot.cursor >= live.row.lastSeq) {
      this.dirty.delete(slot);
      this.hub.leave(slot);
    }
  }

  private async writePage(slot: Slot): Promise<void> {
    for (const item of await this.hub.entriesAfter(slot.live, slot.cursor)) {
      // Never over a gap: what a read left out is looked for again.
      if (this.ended || item.entry.seq !== slot.cursor + 1) return;
      slot.cursor = item.entry.seq;
      if (slot.beginsWithCase !== undefined && item.entry.caseId !== slot.beginsWithCase) continue;
      slot.beginsWithCase = undefined;
      await this.write(item.for(this.owner.side));
    }
  }

  /** Waits for a slow reader, and gives it up in time. */
  private async write(event: Uint8Array): Promise<void> {
    if (this.ended || this.sink.write(event)) return;
    let timer: NodeJS.Timeout | undefined;
    const outcome = await new Promise<'goes on' | 'too slow'>((resolve, reject) => {
      timer = setTimeout(() => resolve('too slow'), this.hub.slowestDrain).unref();
      // The end of a stream may come without its drain.
      this.stopWaiting = () => resolve('goes on');
      this.sink.drained().then(this.stopWaiting, reject);
    }).finally(() => clearTimeout(timer));
    if (outcome === 'too slow') {
      this.end(
        new ChatError('resource-exhausted', 'RESYNC', 'The connection is too slow. Watch again from your cursors.'),
      );
    }
  }
}

function typingSignal(conversationId: string, typist: Typist): Signal {
  const { side, personId, displayName, until } = typist;
  const remainingMs = Math.max(0, Math.round(until - performance.now()));
  return { kind: 'typing', conversationId, side, personId, displayName, remainingMs };
}
