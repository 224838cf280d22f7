import { create } from '@bufbuild/protobuf';
import { ConversationSchema, ResetSchema } from '@energy-chat/contract/conversation_pb.js';
import { EntrySchema } from '@energy-chat/contract/entry_pb.js';
import { describe, expect, it } from 'vitest';
import { WatchPosition } from './watch-position.js';

const entry = (seq: number, conversationId = 'c1') => create(EntrySchema, { conversationId, seq });
const row = (version: number, id = 'c1') => create(ConversationSchema, { id, version });

describe('WatchPosition', () => {
  it('moves by one seq at a time', () => {
    const position = new WatchPosition();
    position.watch('c1', 4, 'e');
    const verdicts = [4, 5, 5, 7, 6, 7].map((seq) => position.entry(entry(seq), position.plan));
    expect(verdicts).toEqual(['drop', 'next', 'drop', 'gap', 'next', 'next']);
    expect(position.request()).toEqual({
      epoch: 'e',
      inbox: false,
      cursors: [{ conversationId: 'c1', afterSeq: 7 }],
    });
  });

  it('ignores repeated and older versions', () => {
    const position = new WatchPosition();
    position.watch('c1', 0, '');
    expect([3, 3, 2, 4].map((version) => position.conversation(row(version)))).toEqual([true, false, false, true]);
  });

  it('hears of conversations that nobody watches only with the inbox', () => {
    const position = new WatchPosition();
    expect(position.conversation(row(1, 'other'))).toBe(false);
    position.setInbox(true);
    expect(position.conversation(row(1, 'other'))).toBe(true);
    expect(position.entry(entry(1, 'other'), position.plan)).toBe('drop');
  });

  it('drops what a stream of before says of a conversation that is watched anew', () => {
    const position = new WatchPosition();
    position.watch('c1', 50, '');
    const before = position.plan;
    position.unwatch('c1');
    position.watch('c1', 10, '');
    expect(position.entry(entry(51), before)).toBe('drop');
    expect(position.reset(create(ResetSchema, { conversationId: 'c1', afterSeq: 60 }), before)).toBe(false);
    expect(position.entry(entry(11), position.plan)).toBe('next');
  });

  it('starts again where a reset says, also for versions', () => {
    const position = new WatchPosition();
    position.watch('c1', 50, 'e1');
    position.conversation(row(9));
    const reset = create(ResetSchema, { conversationId: 'c1', afterSeq: 20, epoch: 'e2' });
    expect(position.reset(reset, position.plan)).toBe(true);
    expect(position.conversation(row(3))).toBe(true);
    expect(position.entry(entry(21), position.plan)).toBe('next');
    expect(position.request().epoch).toBe('e2');
  });

  it('believes lower versions of all rows after it heard of another epoch', () => {
    const position = new WatchPosition();
    position.setInbox(true);
    position.heard('e1');
    position.conversation(row(9, 'other'));
    position.heard('e1');
    expect(position.conversation(row(3, 'other'))).toBe(false);
    position.heard('e2');
    expect(position.conversation(row(3, 'other'))).toBe(true);
  });

  it('lets the service reset everything when cursors of two epochs come together', () => {
    const position = new WatchPosition();
    position.watch('c1', 50, 'e1');
    position.watch('c2', 5, 'e2');
    expect(['e1', 'e2', '']).not.toContain(position.request().epoch);
  });

  it('refuses a 65th conversation and says what to do', () => {
    const position = new WatchPosition();
    for (let number = 1; number <= 64; number += 1) position.watch(`c${number}`, 0, '');
    expect(() => position.watch('c65', 0, '')).toThrow('Unwatch one first');
    position.watch('c64', 7, '');
    position.unwatch('c1');
    position.watch('c65', 0, '');
    expect(position.request().cursors).toHaveLength(64);
  });
});
