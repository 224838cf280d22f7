import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EntrySchema, type Entry } from '@energy-chat/contract/entry_pb.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { EntryList } from './entry-list.js';
import { EntryWindow, MOST_HELD } from './entry-window.js';

const message = (seq: number): Entry =>
  create(EntrySchema, { seq, content: { case: 'message', value: { text: `text ${seq}` } } });
const edited = (seq: number): Entry =>
  create(EntrySchema, { seq, content: { case: 'messageEdited', value: { targetSeq: 1 } } });
const messages = (from: number, to: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const run = ({ entries }: EntryList): [number | undefined, number | undefined, number] => [
  entries[0]?.seq,
  entries.at(-1)?.seq,
  entries.length,
];

describe('EntryWindow', () => {
  let window: EntryWindow;

  beforeEach(() => {
    window = new EntryWindow(new EntryList(messages(1_001, 1_000 + MOST_HELD), true));
  });

  it('lets the oldest go when more is written than it holds, for who reads the end', () => {
    for (const entry of messages(1_301, 1_320)) window.append(entry);
    expect(run(window.shown)).toEqual([1_021, 1_320, MOST_HELD]);
    expect([window.hasNewer, window.shown.hasOlder]).toEqual([false, true]);
  });

  it('leaves what is read in its place when more is written, and still holds the newest', () => {
    window.isReadAtEnd = false;
    for (const entry of messages(1_301, 1_320)) window.append(entry);
    expect(run(window.shown)).toEqual([1_001, 1_300, MOST_HELD]);
    expect([window.hasNewer, ...run(window.newest)]).toEqual([true, 1_021, 1_320, MOST_HELD]);
  });

  it('lets the newest go from sight as older ones come in, and has them at once on the way back', () => {
    window.prepend(messages(951, 1_000), true);
    expect(run(window.shown)).toEqual([951, 1_250, MOST_HELD]);
    expect([window.hasNewer, window.isNewerMissing]).toEqual([true, false]);
    window.extend([]);
    expect([window.hasNewer, ...run(window.shown)]).toEqual([false, 1_001, 1_300, MOST_HELD]);
    window.append(message(1_301));
    expect(run(window.shown)).toEqual([1_002, 1_301, MOST_HELD]);
  });

  it('asks for what lies between, far from the end', () => {
    for (let first = 1_001; first > 501; first -= 50) window.prepend(messages(first - 50, first - 1), true);
    expect(run(window.shown)).toEqual([501, 800, MOST_HELD]);
    expect(window.isNewerMissing).toBe(true);
    window.extend(messages(801, 850));
    expect([window.hasNewer, ...run(window.shown)]).toEqual([true, 551, 850, MOST_HELD]);
    expect(window.shown.hasOlder).toBe(true);
    window.showNewest();
    expect([window.hasNewer, ...run(window.shown)]).toEqual([false, 1_001, 1_300, MOST_HELD]);
  });

  it('takes a text away wherever it is held', () => {
    window.show(new EntryList(messages(1_250, 1_260), true));
    window.append(
      create(EntrySchema, {
        seq: 1_301,
        createdTime: timestampFromMs(5),
        content: { case: 'messageRemoved', value: { targetSeq: 1_255 } },
      }),
    );
    for (const list of [window.shown, window.newest])
      expect(list.at(1_255)).toMatchObject({ content: { value: { text: '' } } });
  });

  it('counts what has a line: many edits push nothing out of sight', () => {
    for (let seq = 1_301; seq <= 1_700; seq += 1) window.append(edited(seq));
    expect(run(window.shown)).toEqual([1_001, 1_700, 700]);
    expect(window.hasNewer).toBe(false);
  });

  it('takes nothing after a gap', () => {
    expect(window.append(message(1_302))).toBe('gap');
    expect(run(window.newest)).toEqual([1_001, 1_300, MOST_HELD]);
  });
});
