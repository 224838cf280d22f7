import type { Conversation } from '../conversation/conversation.js';
import type { Entry, Side } from '../conversation/entry.js';
import type { EventEncoder } from './event-encoder.port.js';
import { patience } from './expected-rows.js';
import { type EncodedEntry, Ring } from './ring.js';
import type { Slot } from './watcher.js';

/** Somebody who is typing, until `until` on this process's monotonic clock. */
export interface Typist {
  readonly side: Side;
  readonly personId: string;
  readonly displayName: string;
  readonly until: number;
}

/**
 * What this replica holds of a conversation that somebody watches: latest values and flags, no queue.
 *
 * Invariant: `row` is replaced only by a higher version, so the order in which news arrives never matters.
 */
export class LiveConversation {
  row: Conversation | undefined;
  /** The highest seq that a row or a hint has told of: what is not above it was written before. */
  head = 0;
  /** Of the watches that name this conversation. */
  readonly slots = new Set<Slot>();
  readonly ring = new Ring();
  /** Reads of the database under way, by the seq they begin after. */
  readonly reads = new Map<number, Promise<EncodedEntry[]>>();
  private readonly typists = new Map<string, { readonly typist: Typist; readonly head: number }>();
  private encodedRow: Uint8Array | undefined;
  private looks = 0;
  private nextLook: NodeJS.Timeout | undefined;

  constructor(
    readonly id: string,
    private readonly encoder: EventEncoder,
  ) {}

  /** Takes a row if it is newer than the one held, and says whether it was. */
  offer(row: Conversation): boolean {
    if (this.row !== undefined && this.row.version >= row.version) return false;
    this.row = row;
    this.head = Math.max(this.head, row.lastSeq);
    this.encodedRow = undefined;
    return true;
  }

  get rowBytes(): Uint8Array | undefined {
    if (this.row === undefined) return undefined;
    return (this.encodedRow ??= this.encoder.conversation(this.row));
  }

  isNamedBy(side: Side): boolean {
    return [...this.slots].some(({ watcher }) => watcher.owner.side === side);
  }

  /** Something may be news to all who name it, or to those of one side. */
  mark(side?: Side): void {
    for (const slot of this.slots) if (side === undefined || slot.watcher.owner.side === side) slot.mark();
  }

  /** Its row counts entries that could not be read: has its slots served again, later each time. */
  lookAgain(): void {
    if (this.nextLook !== undefined) return;
    this.nextLook = setTimeout(() => {
      this.nextLook = undefined;
      this.mark();
    }, patience(this.looks)).unref();
    this.looks += 1;
  }

  /** What was looked for has been found, or nobody looks any more. */
  stopLooking(): void {
    clearTimeout(this.nextLook);
    this.nextLook = undefined;
    this.looks = 0;
  }

  /** Takes what is heard of a typist, and says whether it is news: to have stopped twice is none. */
  hearTyping(typist: Typist): boolean {
    if (typist.until <= performance.now()) return this.typists.delete(typist.personId);
    this.typists.set(typist.personId, { typist, head: this.head });
    return true;
  }

  /** Who is typing now. */
  typingNow(): Typist[] {
    const now = performance.now();
    for (const [personId, { typist }] of this.typists) if (typist.until <= now) this.typists.delete(personId);
    return [...this.typists.values()].map(({ typist }) => typist);
  }

  /** Those whose typing these entries end: a message ends its author's, unless it was written before they typed. */
  typingEndedBy(entries: readonly Entry[]): Typist[] {
    if (this.typists.size === 0) return [];
    return entries.flatMap(({ content, author, seq }) =>
      content.kind === 'message' ? this.endTyping(author.id, seq) : [],
    );
  }

  /** Ends the typing of somebody who has written `seq`. */
  endTyping(personId: string, seq: number): Typist[] {
    const known = this.typists.get(personId);
    if (known === undefined || seq <= known.head) return [];
    this.typists.delete(personId);
    return [{ ...known.typist, until: 0 }];
  }
}
