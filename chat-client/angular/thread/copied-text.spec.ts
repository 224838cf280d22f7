import { afterEach, describe, expect, it } from 'vitest';
import { isConversation, selectedLines } from './copied-text.js';
import type { Line, MessageLine } from './lines.js';

const LINE: Omit<MessageLine, 'key' | 'text'> = {
  kind: 'message',
  seq: 1,
  isOwnSide: true,
  author: '',
  continues: false,
  isRemoved: false,
  isEdited: false,
  time: new Date(0),
  tick: undefined,
  pending: undefined,
};

describe('what is copied of a thread', () => {
  const list = document.createElement('ol');
  const lines: readonly Line[] = [
    { ...LINE, key: 'a', text: 'one' },
    { kind: 'day', key: 'b', date: new Date(0) },
    { ...LINE, key: 'c', text: 'two\nlines' },
    { ...LINE, key: 'd', text: 'three' },
  ];

  function select(from: readonly [number, number], to: readonly [number, number]): ReturnType<typeof selectedLines> {
    list.replaceChildren(
      ...lines.map((line) => {
        const item = document.createElement('li');
        if (line.kind === 'message') {
          item.innerHTML = '<span>Sent</span><chat-message-text></chat-message-text>';
          item.querySelector('chat-message-text')?.append(line.text);
        } else item.textContent = 'Today';
        return item;
      }),
    );
    document.body.append(list);
    const textOf = (index: number): Node =>
      list.children[index]?.querySelector('chat-message-text')?.firstChild ?? list;
    const range = document.createRange();
    range.setStart(textOf(from[0]), from[1]);
    range.setEnd(textOf(to[0]), to[1]);
    return selectedLines(range, list.children, lines);
  }

  afterEach(() => list.remove());

  it('is each message, from where the selection begins to where it ends, without what stands around it', () => {
    const copied = select([0, 1], [3, 2]);
    expect(copied.map(({ selected }) => selected)).toEqual(['ne', 'Today', 'two\nlines', 'th']);
    expect(isConversation(copied)).toBe(true);
  });

  it('is no conversation within one message', () => {
    const copied = select([2, 0], [2, 5]);
    expect(copied.map(({ selected }) => selected)).toEqual(['two\nl']);
    expect(isConversation(copied)).toBe(false);
  });

  it('leaves out a message of which nothing is selected', () => {
    expect(select([0, 3], [2, 3]).map(({ selected }) => selected)).toEqual(['Today', 'two']);
  });
});
