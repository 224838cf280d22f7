import { beforeEach, describe, expect, it } from '@jest/globals';
import { alma, ben, mira, refusalOf, Thread } from '../testing/thread.js';
import type { Person } from '../identity/caller.js';
import { close } from './case-changes.js';
import type { Change } from './conversation.js';
import { CHANGEABLE_FOR, editMessage, removeMessage } from './message-changes.js';
import { authorOf } from './messages.js';
import { markProgress } from './progress.js';

let thread: Thread;
beforeEach(() => {
  thread = new Thread();
});

const edit = (by: Person, seq: number, text: string): Change | null =>
  thread.change((situation) => editMessage(situation, { author: authorOf(by), requestId: 'edit', text }), {
    targetSeq: seq,
  });
const remove = (by: Person, seq: number): Change | null =>
  thread.change((situation) => removeMessage(situation, { author: authorOf(by), requestId: 'remove' }), {
    targetSeq: seq,
  });
const read = (by: Person, readSeq: number): void => {
  const side = by === mira ? 'client' : 'support';
  thread.change((situation) => markProgress(situation, { side, readSeq, deliveredSeq: 0, personId: by.id }));
};

describe('a message that its author edits', () => {
  it('has the new text in its place, and an entry tells of it without the text', () => {
    thread.fromClient('My bil is wrong');
    const change = edit(mira, 2, 'My bill is wrong');
    expect(change?.entries).toMatchObject([
      { seq: 3, requestId: 'edit', caseId: null, content: { kind: 'message_edited', targetSeq: 2 } },
    ]);
    const [told] = change?.entries ?? [];
    expect(thread.entries[1]).toMatchObject({
      seq: 2,
      content: { kind: 'message', text: 'My bill is wrong', editedAt: told?.createdAt, removedAt: null },
    });
    expect(JSON.stringify(told)).not.toContain('bil');
  });

  it('shows in the preview when it is the last one, and only then', () => {
    thread.fromClient('first');
    thread.fromClient('second');
    edit(mira, 2, 'first, mended');
    expect(thread.conversation.preview).toBe('second');
    edit(mira, 3, 'second, mended');
    expect(thread.conversation.preview).toBe('second, mended');
  });

  it('neither ends nor begins a wait, and is as unread as before', () => {
    thread.fromClient('waits');
    const { awaitingSince, progress } = thread.conversation;
    edit(mira, 2, 'still waits');
    expect(thread.conversation).toMatchObject({ awaitingSince, progress });
    thread.fromAdmin(alma, 'answered');
    edit(mira, 2, 'no longer waits');
    expect(thread.conversation.awaitingSince).toBeNull();
  });

  it('writes nothing when the text is the same', () => {
    thread.fromClient('same');
    expect(edit(mira, 2, 'same')).toBeNull();
  });
});

describe('a message that its author removes', () => {
  it('keeps its place and loses its text, also what was edited before', () => {
    thread.fromClient('a secret');
    edit(mira, 2, 'another secret');
    remove(mira, 2);
    const [told] = thread.entries.slice(-1);
    expect(thread.entries[1]).toMatchObject({ content: { kind: 'message', text: '', removedAt: told?.createdAt } });
    expect(told).toMatchObject({ content: { kind: 'message_removed', targetSeq: 2 } });
    expect(JSON.stringify([thread.entries, thread.conversation])).not.toContain('secret');
  });

  it('leaves the preview to the message before it, or to nothing', () => {
    thread.fromClient('one');
    thread.fromClient('two');
    thread.fromClient('three');
    remove(mira, 3);
    expect(thread.conversation.preview).toBe('three');
    remove(mira, 4);
    expect(thread.conversation.preview).toBe('one');
    remove(mira, 2);
    expect(thread.conversation.preview).toBe('');
  });

  it('is unread no more, unless it was read', () => {
    thread.fromClient('one');
    thread.fromClient('two');
    thread.fromAdmin(alma, 'claims');
    read(alma, 2);
    expect(thread.conversation.progress.support.unread).toBe(1);
    remove(mira, 2);
    expect(thread.conversation.progress.support.unread).toBe(1);
    remove(mira, 3);
    expect(thread.conversation.progress.support.unread).toBe(0);
    expect(thread.conversation.progress.client.unread).toBe(1);
    remove(alma, 5);
    expect(thread.conversation.progress.client.unread).toBe(0);
  });

  it('ends the wait when it was all that waited; else the next one waits', () => {
    thread.fromClient('one');
    thread.fromClient('two');
    remove(mira, 2);
    expect(thread.conversation.awaitingSince).toBe(thread.entries[2]?.createdAt);
    remove(mira, 3);
    expect(thread.conversation.awaitingSince).toBeNull();
  });

  it('does not make an answered message wait again', () => {
    thread.fromClient('answered');
    thread.fromAdmin(alma, 'there you are');
    thread.fromClient('waits');
    const waiting = thread.conversation.awaitingSince;
    remove(mira, 2);
    expect(thread.conversation.awaitingSince).toBe(waiting);
    remove(alma, 4);
    expect(thread.conversation.awaitingSince).toBe(waiting);
  });

  it('writes nothing when it is gone already', () => {
    thread.fromClient('one');
    remove(mira, 2);
    expect(remove(mira, 2)).toBeNull();
  });

  it('may go after its case was closed', () => {
    thread.fromClient('one');
    thread.change((situation) =>
      close(situation, { seen: thread.seen(), admin: alma, requestId: 'closing', seenSeq: 9, reason: '' }),
    );
    expect(remove(mira, 2)?.conversation).toMatchObject({ openCase: null, awaitingSince: null });
  });
});

describe('a change of a message is refused', () => {
  const both = (by: Person, seq: number): unknown[] => [
    refusalOf(() => edit(by, seq, 'mine now')),
    refusalOf(() => remove(by, seq)),
  ];

  it('to everybody but its author', () => {
    thread.fromClient('mine');
    thread.fromAdmin(alma, 'and mine');
    const refused = { kind: 'permission-denied', reason: 'NOT_YOUR_MESSAGE' };
    expect([...both(alma, 2), ...both(ben, 4), ...both(mira, 4)]).toMatchObject(Array(6).fill(refused));
  });

  it('15 minutes after it was written, by the log’s own time', () => {
    thread.fromClient('old');
    const written = thread.entries[1]?.createdAt ?? 0;
    thread.now = written + CHANGEABLE_FOR - 1_000_000;
    expect(edit(mira, 2, 'in time')).not.toBeNull();
    const refused = { kind: 'failed-precondition', reason: 'TOO_LATE' };
    expect(both(mira, 2)).toMatchObject([refused, refused]);
  });

  it('where there is no message', () => {
    thread.fromClient('one');
    const refused = { kind: 'not-found', reason: 'MESSAGE_NOT_FOUND' };
    expect([...both(mira, 1), ...both(mira, 99)]).toMatchObject(Array(4).fill(refused));
  });

  it('of another text after it was removed', () => {
    thread.fromClient('one');
    remove(mira, 2);
    expect(refusalOf(() => edit(mira, 2, 'back again'))).toMatchObject({ reason: 'MESSAGE_GONE' });
  });
});
