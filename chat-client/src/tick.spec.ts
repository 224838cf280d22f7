import { create } from '@bufbuild/protobuf';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { EntrySchema } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { describe, expect, it } from 'vitest';
import { tickOf } from './tick.js';

const mine = create(EntrySchema, {
  seq: 5,
  author: { side: Side.CLIENT },
  content: { case: 'message', value: { text: 'Hello' } },
});

describe('tickOf', () => {
  it.each([
    [0, 0, 'sent'],
    [4, 4, 'sent'],
    [5, 4, 'delivered'],
    [9, 5, 'read'],
  ])('with %d delivered and %d read shows message 5 as %s', (deliveredSeq, readSeq, tick) => {
    expect(tickOf(mine, Side.CLIENT, create(ProgressSchema, { deliveredSeq, readSeq }))).toBe(tick);
  });

  it('shows a message as sent while the other side is not known', () => {
    expect(tickOf(mine, Side.CLIENT, undefined)).toBe('sent');
  });

  it('shows nothing on what the other side wrote or on other entries', () => {
    const progress = create(ProgressSchema, { deliveredSeq: 9, readSeq: 9 });
    const opened = create(EntrySchema, {
      seq: 4,
      author: { side: Side.CLIENT },
      content: { case: 'caseOpened', value: {} },
    });
    expect(tickOf(mine, Side.SUPPORT, progress)).toBeUndefined();
    expect(tickOf(opened, Side.CLIENT, progress)).toBeUndefined();
  });
});
