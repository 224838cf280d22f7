import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Entry } from '../conversation/entry.js';
import type { EventEncoder } from './event-encoder.port.js';
import type { LiveConversation } from './live-conversation.js';
import { EncodedEntry } from './ring.js';

/** The most entries read and written before another conversation has its turn. */
const PAGE = 100;

/** All rings together hold about this many bytes at most. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Pages of entries for all watchers: from the conversation's ring, else by one read that all who need it share.
 *
 * Invariants: a page is contiguous and begins right after the seq asked for, or is not from a ring. The rings together
 * stay within `mostBytes`: the one used least recently goes first. Nothing is held of what nobody watches.
 */
export class EntryPages {
  /** Held by all rings together, in bytes. */
  bytes = 0;
  /** The least recently used first. */
  private readonly filled = new Set<LiveConversation>();

  constructor(
    private readonly log: ConversationLog,
    private readonly encoder: EventEncoder,
    private readonly counts: { entryReads: number },
    private readonly mostBytes: number = MOST_BYTES,
  ) {}

  /** At most 100 entries after `seq`; none when the database cannot show any yet. */
  async after(live: LiveConversation, seq: number): Promise<EncodedEntry[]> {
    const held = live.ring.after(seq, PAGE);
    if (held !== undefined && held.length > 0) {
      this.touch(live);
      return held;
    }
    const underWay = live.reads.get(seq);
    if (underWay !== undefined) return underWay;
    const read = this.read(live, seq).finally(() => live.reads.delete(seq));
    live.reads.set(seq, read);
    return read;
  }

  /** Entries that were committed here just now. */
  append(live: LiveConversation, entries: readonly Entry[]): void {
    this.fill(live, this.encoded(entries));
  }

  forget(live: LiveConversation): void {
    this.bytes -= live.ring.size;
    live.ring.clear();
    this.filled.delete(live);
  }

  private async read(live: LiveConversation, seq: number): Promise<EncodedEntry[]> {
    this.counts.entryReads += 1;
    const page = this.encoded(await this.log.entriesAfter(live.id, seq, PAGE));
    const { end } = live.ring;
    if (end === undefined || page[0]?.entry.seq === end + 1) this.fill(live, page);
    return page;
  }

  private encoded(entries: readonly Entry[]): EncodedEntry[] {
    return entries.map((entry) => new EncodedEntry(entry, this.encoder));
  }

  private fill(live: LiveConversation, page: readonly EncodedEntry[]): void {
    // Whoever watched may have gone while the page was read.
    if (page.length === 0 || live.slots.size === 0) return;
    this.bytes -= live.ring.size;
    live.ring.append(page);
    this.bytes += live.ring.size;
    this.touch(live);
    for (const oldest of this.filled) {
      if (this.bytes <= this.mostBytes) break;
      this.forget(oldest);
    }
  }

  private touch(live: LiveConversation): void {
    this.filled.delete(live);
    this.filled.add(live);
  }
}
