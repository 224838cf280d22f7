import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { describe, expect, it } from 'vitest';
import { row } from '../testing/rows.js';
import { heldStill } from './held-still.js';

const rows = (...ids: readonly string[]): Conversation[] => ids.map((id) => row({ id }));
const nothing = (): undefined => undefined;
const shown = ({ rows: all }: ReturnType<typeof heldStill>): string[] =>
  all.map((each) => (each.hasLeft ? `(${each.row.id})` : each.row.id));

describe('rows under the pointer', () => {
  it('stand as they are while no pointer is among them', () => {
    expect(shown(heldStill(rows('b', 'a'), undefined, nothing))).toEqual(['b', 'a']);
  });

  it('keep their order with their newest content', () => {
    const newer = row({ id: 'a', version: 7 });
    const still = heldStill([newer, ...rows('b')], ['b', 'a'], nothing);
    expect(shown(still)).toEqual(['b', 'a']);
    expect(still.rows[1]?.row.version).toBe(7);
  });

  it('leave what has left in its place, with what is known of it', () => {
    const claimed = row({ id: 'b', case: 'others' });
    const still = heldStill(rows('a', 'c'), ['a', 'b', 'c'], (id) => (id === 'b' ? claimed : undefined));
    expect(shown(still)).toEqual(['a', '(b)', 'c']);
  });

  it('hold back what comes between and count it, and add what follows below', () => {
    const still = heldStill(rows('new', 'a', 'b', 'next'), ['a', 'b'], nothing);
    expect(shown(still)).toEqual(['a', 'b', 'next']);
    expect(still.heldBack).toBe(1);
  });
});
