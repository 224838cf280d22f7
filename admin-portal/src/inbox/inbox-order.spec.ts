import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { describe, expect, it } from 'vitest';
import { MY_ID, row, type RowFacts } from '../testing/rows.js';
import { compareInInbox, filterOf } from './inbox-order.js';

function sorted(...facts: readonly RowFacts[]): string[] {
  return facts
    .map(row)
    .toSorted((one, two) => compareInInbox(one, two))
    .map(({ id }) => id);
}

describe('the order of the inbox', () => {
  it('puts those who wait for a word first, the longest wait on top', () => {
    const answered = { id: 'answered', lastEntry: 900 };
    const short = { id: 'short', awaiting: 300, lastEntry: 300 };
    const long = { id: 'long', awaiting: 100, lastEntry: 800 };
    expect(sorted(answered, short, long)).toEqual(['long', 'short', 'answered']);
  });

  it('puts the latest entry first where nobody waits', () => {
    expect(sorted({ id: 'old', lastEntry: 1 }, { id: 'new', lastEntry: 3 }, { id: 'middle', lastEntry: 2 })).toEqual([
      'new',
      'middle',
      'old',
    ]);
  });

  it('tells equal times apart by id, as the service does', () => {
    expect(sorted({ id: 'b' }, { id: 'B' }, { id: 'a' })).toEqual(['B', 'a', 'b']);
    expect(sorted({ id: 'two', awaiting: 5 }, { id: 'one', awaiting: 5 })).toEqual(['one', 'two']);
  });

  it('compares within a second', () => {
    expect(sorted({ id: 'later', awaiting: 5.000_9 }, { id: 'earlier', awaiting: 5.000_1 })).toEqual([
      'earlier',
      'later',
    ]);
  });
});

describe('the list in which a conversation stands', () => {
  it.each([
    ['waiting', InboxFilter.WAITING],
    ['mine', InboxFilter.MINE],
    ['others', InboxFilter.OTHERS],
    ['none', InboxFilter.CLOSED],
  ] as const)('for a case that is %s', (place, filter) => {
    expect(filterOf(row({ id: 'c', case: place }), MY_ID)).toBe(filter);
  });
});
