import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Entry } from '@energy-chat/contract/entry_pb.js';

const REMOVED = 2n ** 63n;

/**
 * The entries of one conversation that a page holds. Invariant: one contiguous run of seqs, so that nothing is missing
 * between two entries that stand side by side. Of two versions of a message the later one stays: removed over edited
 * over first.
 */
export class EntryList {
  private items: readonly Entry[];
  private isOlderLeft: boolean;

  /** The entries of one page of history, ascending, and whether there are more before them. */
  constructor(page: readonly Entry[] = [], hasOlder = false) {
    this.items = page;
    this.isOlderLeft = hasOlder;
  }

  /** There are entries before the first one that is held. */
  get hasOlder(): boolean {
    return this.isOlderLeft;
  }

  get entries(): readonly Entry[] {
    return this.items;
  }

  /** 0 when empty. */
  get firstSeq(): number {
    return this.items[0]?.seq ?? 0;
  }

  /** 0 when empty. */
  get lastSeq(): number {
    return this.items.at(-1)?.seq ?? 0;
  }

  at(seq: number): Entry | undefined {
    return this.items[seq - this.firstSeq];
  }

  /** `gap`: not taken, because something is missing before it. Into an empty list goes whatever comes first. */
  append(entry: Entry): 'appended' | 'known' | 'gap' {
    if (this.items.length > 0 && entry.seq <= this.lastSeq) {
      this.replace(entry);
      return 'known';
    }
    if (this.items.length > 0 && entry.seq !== this.lastSeq + 1) return 'gap';
    this.items = [...this.items, entry];
    this.applyRemoval(entry);
    return 'appended';
  }

  /** A page of what comes before the first entry, ascending. What does not touch the run is left out. */
  prepend(page: readonly Entry[], hasOlder: boolean): void {
    const older = page.filter(({ seq }) => seq < this.firstSeq);
    if (older.length > 0 && older.at(-1)?.seq !== this.firstSeq - 1) return;
    this.items = [...older, ...this.items];
    this.isOlderLeft = hasOlder;
  }

  /** A run of its own: the first entries of this one, as many as draw `most` lines. */
  first(most: number): EntryList {
    let drawn = 0;
    const end = this.items.findIndex((entry) => isDrawn(entry) && ++drawn > most);
    return new EntryList(end === -1 ? this.items : this.items.slice(0, end), this.isOlderLeft);
  }

  /** A run of its own: the last entries of this one, as many as draw `most` lines. */
  last(most: number): EntryList {
    let drawn = 0;
    const before = this.items.findLastIndex((entry) => isDrawn(entry) && ++drawn > most);
    return new EntryList(this.items.slice(before + 1), this.isOlderLeft || before !== -1);
  }

  /** The entry as it is now, if it is held and what is held is older. */
  replace(entry: Entry): void {
    const held = this.at(entry.seq);
    if (held === undefined || changedTime(entry) <= changedTime(held)) return;
    this.items = this.items.map((item) => (item === held ? entry : item));
  }

  /** The message at `seq` is held as this edit left it, or as a later change did. */
  holds({ createdTime }: Entry, seq: number): boolean {
    const held = this.at(seq);
    return held === undefined || changedTime(held) >= (createdTime === undefined ? 0n : nanoseconds(createdTime));
  }

  /** The entry that takes a message away says all that is needed: its text is gone. */
  applyRemoval(entry: Entry): void {
    if (entry.content.case !== 'messageRemoved') return;
    const target = this.at(entry.content.value.targetSeq);
    if (target?.content.case !== 'message') return;
    const { createdTime } = entry;
    const value = {
      ...target.content.value,
      text: '',
      ...(createdTime === undefined ? {} : { removedTime: createdTime }),
    };
    const removed = { ...target, content: { ...target.content, value } };
    this.items = this.items.map((item) => (item === target ? removed : item));
  }
}

/** What tells of a change of another entry has no line of its own. */
function isDrawn({ content }: Entry): boolean {
  return content.case !== 'messageEdited' && content.case !== 'messageRemoved' && content.case !== undefined;
}

/** Nanoseconds since 1970; removal is after every edit, whatever the clock said. */
function changedTime({ content }: Entry): bigint {
  if (content.case !== 'message') return 0n;
  const { editedTime, removedTime } = content.value;
  if (removedTime !== undefined) return REMOVED;
  return editedTime === undefined ? 0n : nanoseconds(editedTime);
}

/** Since 1970. */
function nanoseconds({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
