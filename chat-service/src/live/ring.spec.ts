import { describe, expect, it } from '@jest/globals';
import { ReadableEncoder } from '../testing/recording-sink.js';
import { mira, Thread } from '../testing/thread.js';
import { EncodedEntry, Ring } from './ring.js';

const encoder = new ReadableEncoder();

function entries(first: number, last: number): EncodedEntry[] {
  const thread = new Thread();
  while (thread.entries.length < last) thread.fromClient('x'.repeat(10));
  return thread.entries.slice(first - 1, last).map((entry) => new EncodedEntry(entry, encoder));
}

const seqs = (page: EncodedEntry[] | undefined): number[] | undefined => page?.map(({ entry }) => entry.seq);

describe('Ring', () => {
  it('answers what follows a seq, up to a limit', () => {
    const ring = new Ring();
    ring.append(entries(3, 8));
    expect(seqs(ring.after(2, 100))).toEqual([3, 4, 5, 6, 7, 8]);
    expect(seqs(ring.after(4, 2))).toEqual([5, 6]);
    expect(seqs(ring.after(8, 100))).toEqual([]);
  });

  it('answers nothing where its run does not hold the very next one', () => {
    const ring = new Ring();
    expect(ring.after(0, 100)).toBeUndefined();
    ring.append(entries(3, 8));
    expect(ring.after(1, 100)).toBeUndefined();
    expect(ring.after(9, 100)).toBeUndefined();
  });

  it('is emptied by an entry that does not follow, so that it never holds a gap', () => {
    const ring = new Ring();
    ring.append(entries(1, 4));
    ring.append(entries(6, 7));
    expect(seqs(ring.after(5, 100))).toEqual([6, 7]);
    expect(ring.after(3, 100)).toBeUndefined();
    expect(ring.size).toBe(entries(6, 7).reduce((sum, { size }) => sum + size, 0));
  });

  it.each(['message_edited', 'message_removed'] as const)('drops all up to the target of a %s', (kind) => {
    const ring = new Ring();
    ring.append(entries(1, 6));
    const [last] = entries(7, 7);
    if (last === undefined) throw new TypeError('There is a seventh.');
    ring.append([new EncodedEntry({ ...last.entry, content: { kind, targetSeq: 4 } }, encoder)]);
    expect(ring.after(3, 100)).toBeUndefined();
    expect(seqs(ring.after(4, 100))).toEqual([5, 6, 7]);
    expect(ring.size).toBe([5, 6, 7].reduce((sum, seq) => sum + (ring.after(seq - 1, 1)?.[0]?.size ?? 0), 0));
  });

  it('takes an entry once', () => {
    const ring = new Ring();
    ring.append(entries(1, 4));
    ring.append(entries(2, 6));
    expect(seqs(ring.after(0, 100))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('holds the last 256 entries at most, and the bytes of those', () => {
    const ring = new Ring();
    ring.append(entries(1, 300));
    expect(ring.after(43, 100)).toBeUndefined();
    expect(seqs(ring.after(44, 1_000))).toHaveLength(256);
    expect(ring.end).toBe(300);
    const [one] = entries(2, 2);
    expect(ring.size).toBe(256 * (one?.size ?? 0));
    ring.clear();
    expect([ring.size, ring.end]).toEqual([0, undefined]);
  });

  it('encodes an entry when a side first needs it, once', () => {
    const thread = new Thread();
    thread.fromClient();
    const [entry] = thread.entries;
    if (entry === undefined) throw new Error('nothing was written');
    const counted = new ReadableEncoder();
    const item = new EncodedEntry(entry, counted);
    expect(counted.entries.size).toBe(0);
    expect(item.for('client')).toBe(item.for('client'));
    item.for('support');
    expect([...counted.entries.values()]).toEqual([1, 1]);
    expect(entry.author.id).toBe(mira.id);
  });
});
