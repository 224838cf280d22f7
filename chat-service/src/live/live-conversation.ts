import type { Conversation } from '../conversation/conversation.js';
import type { Entry, Side } from '../conversation/entry.js';
import type { EventEncoder } from './event-encoder.port.js';
import { EncodedEntry, Ring } from './ring.js';
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
  /** Of the watches that name this conversation. */
  readonly slots = new Set<Slot>();
  readonly ring = new Ring();
  readonly typists = new Map<string, Typist>();
  /** When its row last went to the inboxes, on the monotonic clock. */
  inboxAt = -Infinity;
  /** Reads of the database under way, by the seq they begin after. */
  readonly reads = new Map<number, Promise<EncodedEntry[]>>();
  private encodedRow: Uint8Array | undefined;

  constructor(
    readonly id: string,
    private readonly encoder: EventEncoder,
  ) {}

  /** Takes a row if it is newer than the one held, and says whether it was. */
  offer(row: Conversation): boolean {
    if (this.row !== undefined && this.row.version >= row.version) return false;
    this.row = row;
    this.encodedRow = undefined;
    return true;
  }

  get rowBytes(): Uint8Array | undefined {
    if (this.row === undefined) return undefined;
    return (this.encodedRow ??= this.encoder.conversation(this.row));
  }

  encode(entries: readonly Entry[]): EncodedEntry[] {
    return entries.map((entry) => new EncodedEntry(entry, this.encoder));
  }

  /** A message ends its author's typing. */
  typingEndedBy(entries: readonly Entry[]): Typist[] {
    return entries.flatMap(({ content, author }) => {
      const typist = content.kind === 'message' ? this.typists.get(author.id) : undefined;
      if (typist === undefined) return [];
      this.typists.delete(author.id);
      return [{ ...typist, until: 0 }];
    });
  }
}
