import type { Entry, Side } from '../conversation/entry.js';
import type { EventEncoder } from './event-encoder.port.js';

/** An entry with its encodings, each made when first needed. */
export class EncodedEntry {
  private readonly bytes: Partial<Record<Side, Uint8Array>> = {};

  constructor(
    readonly entry: Entry,
    private readonly encoder: EventEncoder,
  ) {}

  for(side: Side): Uint8Array {
    return (this.bytes[side] ??= this.encoder.entry(side, this.entry));
  }

  /** About what it holds in memory. */
  get size(): number {
    const { content } = this.entry;
    return 512 + 4 * ('text' in content ? content.text.length : 0);
  }
}

/** The most entries one conversation keeps encoded. */
const LONGEST_RUN = 256;

/**
 * The last entries of one conversation, so that many watchers read and encode them once.
 *
 * Invariant: one contiguous run of committed entries, each as the log has it: an entry that does not follow the last
 * empties it first, and one that changes a message drops all up to that message. It may
 * be emptied at any time: whoever misses something here reads the database.
 */
export class Ring {
  private run: EncodedEntry[] = [];
  size = 0;

  /** The last seq held, or none. */
  get end(): number | undefined {
    return this.run.at(-1)?.entry.seq;
  }

  append(items: readonly EncodedEntry[]): void {
    for (const item of items) {
      const { end } = this;
      if (end !== undefined && item.entry.seq <= end) continue;
      if (end !== undefined && item.entry.seq !== end + 1) this.clear();
      this.run.push(item);
      this.size += item.size;
      const { content } = item.entry;
      if (content.kind === 'message_edited' || content.kind === 'message_removed') this.dropThrough(content.targetSeq);
    }
    this.dropFirst(this.run.length - LONGEST_RUN);
  }

  /** What is held of a message that has changed is not what the log says any more. */
  private dropThrough(seq: number): void {
    const first = this.run[0]?.entry.seq;
    if (first !== undefined) this.dropFirst(seq + 1 - first);
  }

  private dropFirst(count: number): void {
    if (count <= 0) return;
    for (const item of this.run.splice(0, count)) this.size -= item.size;
  }

  /** Up to `limit` entries from the one after `seq`, or undefined when the run does not hold that one. */
  after(seq: number, limit: number): EncodedEntry[] | undefined {
    const first = this.run[0]?.entry.seq;
    if (first === undefined || seq + 1 < first || seq >= first + this.run.length) return undefined;
    const start = seq + 1 - first;
    return this.run.slice(start, start + limit);
  }

  clear(): void {
    this.run = [];
    this.size = 0;
  }
}
