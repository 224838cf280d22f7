import { TestBed } from '@angular/core/testing';
import { ConversationStores } from '@energy-chat/client/angular/conversation/conversation-stores.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeskParts } from './desk-parts.js';
import { MOST_OPEN, OpenConversations } from './open-conversations.js';

let stores: Set<string>;

/** The desk of that person, as after a load of the page. */
function loaded(personId = 'maria'): OpenConversations {
  TestBed.resetTestingModule();
  stores = new Set();
  const memoryStores = {
    open: (id: string) => ({ id: stores.add(id) }),
    close: (id: string) => stores.delete(id),
  };
  TestBed.configureTestingModule({
    providers: [
      OpenConversations,
      { provide: DeskParts, useValue: { me: { id: personId } } },
      { provide: ConversationStores, useValue: memoryStores },
    ],
  });
  return TestBed.inject(OpenConversations);
}

const ids = (open: OpenConversations): string[] => open.all().map(({ id }) => id);

beforeEach(() => sessionStorage.clear());

describe('the open conversations', () => {
  it('stand in the order in which they were opened, the last one in front', () => {
    const open = loaded();
    for (const id of ['a', 'b', 'a', 'c']) open.open(id);
    expect(ids(open)).toEqual(['a', 'b', 'c']);
    expect(open.front()?.id).toBe('c');
    open.open('a');
    expect(ids(open)).toEqual(['a', 'b', 'c']);
    expect(open.front()?.id).toBe('a');
  });

  it('bring the neighbour to the front when the one in front is closed', () => {
    const open = loaded();
    for (const id of ['a', 'b', 'c']) open.open(id);
    open.bringToFront('b');
    open.close('b');
    expect(open.front()?.id).toBe('c');
    open.close('c');
    expect(open.front()?.id).toBe('a');
    open.close('a');
    expect(open.front()).toBeUndefined();
    expect([...stores]).toEqual([]);
  });

  it('leave the one in front alone when another is closed', () => {
    const open = loaded();
    for (const id of ['a', 'b']) open.open(id);
    open.close('a');
    expect(open.front()?.id).toBe('b');
  });

  it('are stepped through around the ends', () => {
    const open = loaded();
    open.step(1);
    expect(open.front()).toBeUndefined();
    for (const id of ['a', 'b', 'c']) open.open(id);
    open.step(1);
    expect(open.front()?.id).toBe('a');
    open.step(-1);
    expect(open.front()?.id).toBe('c');
  });

  it('are refused beyond what one desk holds, and nothing changes', () => {
    const open = loaded();
    for (let index = 0; index < MOST_OPEN; index += 1) expect(open.open(`c${index}`)).toBe(true);
    open.bringToFront('c3');
    expect(open.open('one too many')).toBe(false);
    expect(open.front()?.id).toBe('c3');
    expect(open.all()).toHaveLength(MOST_OPEN);
    expect(open.open('c5')).toBe(true);
  });

  it('are there again after a reload, for the same person only', () => {
    const before = loaded();
    for (const id of ['a', 'b', 'c']) before.open(id);
    before.bringToFront('b');
    const after = loaded();
    expect(ids(after)).toEqual(['a', 'b', 'c']);
    expect(after.front()?.id).toBe('b');
    expect([...stores]).toEqual(['a', 'b', 'c']);
    expect(ids(loaded('ion'))).toEqual([]);
  });

  it.each(['', 'no JSON', '[]', '{"ids":7}', '{"ids":[7,null]}'])('begin with none when this was kept: %s', (text) => {
    sessionStorage.setItem('energy-chat/admin/open/maria', text);
    expect(ids(loaded())).toEqual([]);
  });
});
