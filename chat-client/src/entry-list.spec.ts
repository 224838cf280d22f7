import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EntrySchema, type Entry } from '@energy-chat/contract/entry_pb.js';
import { describe, expect, it } from 'vitest';
import { EntryList } from './entry-list.js';

function message(seq: number, text = `text ${seq}`, times: { editedMs?: number; removedMs?: number } = {}): Entry {
  const { editedMs, removedMs } = times;
  return create(EntrySchema, {
    seq,
    content: {
      case: 'message',
      value: {
        text,
        ...(editedMs === undefined ? {} : { editedTime: timestampFromMs(editedMs) }),
        ...(removedMs === undefined ? {} : { removedTime: timestampFromMs(removedMs) }),
      },
    },
  });
}

function texts(list: EntryList): string[] {
  return list.entries.map(({ content }) => (content.case === 'message' ? content.value.text : String(content.case)));
}

const seqs = (list: EntryList): number[] => list.entries.map(({ seq }) => seq);

describe('EntryList', () => {
  it('appends what follows, knows repeats, and takes nothing after a gap', () => {
    const list = new EntryList([message(4), message(5)]);
    expect(list.append(message(6))).toBe('appended');
    expect(list.append(message(6))).toBe('known');
    expect(list.append(message(8))).toBe('gap');
    expect(seqs(list)).toEqual([4, 5, 6]);
  });

  it('prepends a page that touches it, without what it has', () => {
    const list = new EntryList([message(4), message(5)]);
    list.prepend([message(2), message(3), message(4)], true);
    expect(seqs(list)).toEqual([2, 3, 4, 5]);
    list.prepend([message(0)], true);
    expect([seqs(list), list.hasOlder]).toEqual([[2, 3, 4, 5], true]);
    list.prepend([], false);
    expect([seqs(list), list.hasOlder]).toEqual([[2, 3, 4, 5], false]);
  });

  it('keeps the later text, whatever order the two arrive in', () => {
    const list = new EntryList([message(1)]);
    list.replace(message(1, 'second', { editedMs: 20 }));
    list.replace(message(1, 'first', { editedMs: 10 }));
    expect(texts(list)).toEqual(['second']);
    list.replace(message(2, 'not held', { editedMs: 30 }));
    expect(seqs(list)).toEqual([1]);
  });

  it('takes a removed text away at once and for good', () => {
    const list = new EntryList([message(1)]);
    list.append(
      create(EntrySchema, {
        seq: 2,
        createdTime: timestampFromMs(50),
        content: { case: 'messageRemoved', value: { targetSeq: 1 } },
      }),
    );
    list.replace(message(1, 'edited', { editedMs: 99 }));
    expect(texts(list)).toEqual(['', 'messageRemoved']);
    expect(list.at(1)).toMatchObject({ content: { value: { removedTime: timestampFromMs(50) } } });
  });

  it('moves on over a kind that it does not know', () => {
    const list = new EntryList();
    list.append(create(EntrySchema, { seq: 1 }));
    expect(list.append(message(2))).toBe('appended');
  });
});
