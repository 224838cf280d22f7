import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { EntryList } from './entry-list.js';

/** Entries with a line of their own in one run. */
export const MOST_HELD = 300;

/**
 * What a page holds of one conversation, however long that is: its newest entries, and the run that is shown. The run
 * that is shown is the newest one itself, or ends before the newest entry. Neither draws more than MOST_HELD lines: who
 * reads the end loses the oldest, who reads further back loses the newest from sight.
 */
export class EntryWindow {
  private tail: EntryList;
  private run: EntryList;
  /** The reader is at the end: what is too much goes at the beginning. */
  isReadAtEnd = true;

  constructor(newest = new EntryList()) {
    this.tail = newest;
    this.run = newest;
  }

  get newest(): EntryList {
    return this.tail;
  }

  get shown(): EntryList {
    return this.run;
  }

  /** There are entries after the last one that is shown. */
  get hasNewer(): boolean {
    return this.run !== this.tail;
  }

  append(entry: Entry): ReturnType<EntryList['append']> {
    const outcome = this.tail.append(entry);
    if (outcome === 'gap') return outcome;
    if (this.run === this.tail) {
      this.tail = this.tail.last(MOST_HELD);
      this.run = this.isReadAtEnd ? this.tail : this.endingBeforeTail(this.run.first(MOST_HELD));
    } else {
      this.tail = this.tail.last(MOST_HELD);
      this.run.replace(entry);
      this.run.applyRemoval(entry);
    }
    return outcome;
  }

  prepend(page: readonly Entry[], hasOlder: boolean): void {
    const isWhole = this.run === this.tail;
    this.run.prepend(page, hasOlder);
    if (isWhole) this.tail = this.run.last(MOST_HELD);
    this.run = this.endingBeforeTail(this.run.first(MOST_HELD));
  }

  /** What comes after the run that is shown, ascending; what is held already need not be given. */
  extend(page: readonly Entry[]): void {
    if (this.run === this.tail) return;
    for (const entry of page) this.run.append(entry);
    for (const entry of this.tail.entries) this.run.append(entry);
    this.run = this.endingBeforeTail(this.run.last(MOST_HELD));
  }

  /** Whether what comes after the run that is shown has to be asked for. */
  get isNewerMissing(): boolean {
    return this.run !== this.tail && this.tail.firstSeq > this.run.lastSeq + 1;
  }

  show(run: EntryList): void {
    this.run = this.endingBeforeTail(run);
  }

  showNewest(): void {
    this.run = this.tail;
  }

  replace(entry: Entry): void {
    this.tail.replace(entry);
    this.run.replace(entry);
  }

  /** Wherever it is held. */
  at(seq: number): Entry | undefined {
    return this.run.at(seq) ?? this.tail.at(seq);
  }

  /** A run that reaches the newest entry is the newest run from now on. */
  private endingBeforeTail(run: EntryList): EntryList {
    if (run.lastSeq < this.tail.lastSeq) return run;
    this.tail = run;
    return run;
  }
}
