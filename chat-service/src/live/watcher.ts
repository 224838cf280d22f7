import { ChatError } from '../chat-error.js';
import type { Side } from '../conversation/entry.js';
import type { Role } from '../identity/caller.js';
import type { Signal } from './event-encoder.port.js';
import type { Hub } from './hub.js';
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

/** The most entries read and written before another conversation has its turn. */
const PAGE = 100;

/** A stream that takes nothing for this long is given up, in milliseconds. */
export const SLOWEST_DRAIN = 30_000;

/** One conversation in one watch: a cursor and what has changed since it was last served. */
export class Slot {
  /** The last version of the row that was written. */
  sentVersion = 0;
  /** The last presence that was written. */
  sentPresence: boolean | undefined;
  readonly typing = new Map<string, Typist>();

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
}

/**
 * One watch: cursors and dirty flags, never a queue, so that its memory is one page and a slot per conversation however
 * slow its reader is.
 *
 * Invariants: entries of a conversation are written in seq order from the cursor on, each once. A slot is served when
 * something marked it; marking twice costs nothing. A row is written after the entries it counts. One loop writes;
 * whoever marks only wakes it.
 */
export class Watcher {
  readonly slots: Slot[] = [];
  private readonly dirty = new Set<Slot>();
  private readonly dirtyRows = new Set<LiveConversation>();
  private readonly inboxTyping = new Map<string, Typist & { conversationId: string }>();
  private readonly signals: Signal[] = [];
  private heartbeatDue = false;
  private caughtUp = false;
  private ended = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly hub: Hub,
    readonly owner: WatchOwner,
    readonly inbox: boolean,
    private readonly sink: WatchSink,
  ) {}

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
    this.dirtyRows.add(live);
    this.wake();
  }

  markInboxTyping(conversationId: string, typist: Typist): void {
    this.inboxTyping.set(`${conversationId} ${typist.personId}`, { ...typist, conversationId });
    this.wake();
  }

  heartbeat(): void {
    this.heartbeatDue = true;
    this.wake();
  }

  /** At most one of each kind is ever told, so this list stays short. */
  tell(signal: Signal): void {
    this.signals.push(signal);
    this.wake();
  }

  /** Ends the stream now, even one that takes nothing. */
  end(error?: ChatError, last?: Signal): void {
    if (this.ended) return;
    this.ended = true;
    if (last !== undefined) this.sink.write(this.hub.encoder.signal(last));
    this.sink.end(error);
    this.wake();
  }

  /** The client has gone: nothing more can be written. */
  gone(): void {
    this.ended = true;
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
        continue;
      }
      if (!this.caughtUp) {
        this.caughtUp = true;
        await this.write(this.hub.encoder.signal({ kind: 'caught-up', epoch: this.hub.epoch }));
        continue;
      }
      const [live] = this.dirtyRows;
      if (live !== undefined) {
        this.dirtyRows.delete(live);
        const bytes = live.rowBytes;
        if (bytes !== undefined) await this.write(bytes);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        if (this.hasWork) resolve();
      });
      this.wake = () => undefined;
    }
  }

  private get hasWork(): boolean {
    return (
      this.ended ||
      this.heartbeatDue ||
      this.signals.length > 0 ||
      this.dirty.size > 0 ||
      this.dirtyRows.size > 0 ||
      this.inboxTyping.size > 0
    );
  }

  private nextSignal(): Uint8Array | undefined {
    const signal = this.signals.shift();
    if (signal !== undefined) return this.hub.encoder.signal(signal);
    if (this.heartbeatDue) {
      this.heartbeatDue = false;
      return this.hub.heartbeatBytes;
    }
    const [key] = this.inboxTyping.keys();
    const typist = key === undefined || !this.caughtUp ? undefined : this.inboxTyping.get(key);
    if (key === undefined || typist === undefined) return undefined;
    this.inboxTyping.delete(key);
    return this.hub.encoder.signal(typingSignal(typist.conversationId, typist));
  }

  /** One page of entries, then, once at the head, the row, presence and typing as they stand. */
  private async serve(slot: Slot): Promise<void> {
    const { live } = slot;
    if (live.row === undefined) return;
    if (slot.cursor < live.row.lastSeq) {
      const page = await this.hub.entriesAfter(live, slot.cursor, PAGE);
      for (const item of page) {
        if (this.ended) return;
        // A reset may have moved the cursor meanwhile.
        if (item.entry.seq !== slot.cursor + 1) break;
        slot.cursor = item.entry.seq;
        await this.write(item.for(this.owner.side));
      }
      if (slot.cursor < live.row.lastSeq) {
        if (page.length > 0) this.dirty.add(slot);
        else this.hub.lookAgain(live);
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
  }

  /** Waits for a slow reader, and gives it up in time. */
  private async write(event: Uint8Array): Promise<void> {
    if (this.ended || this.sink.write(event)) return;
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<'too slow'>((resolve) => {
      timer = setTimeout(() => resolve('too slow'), this.hub.slowestDrain).unref();
    });
    const outcome = await Promise.race([this.sink.drained(), tooSlow]);
    clearTimeout(timer);
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
