import { describe, expect, it } from '@jest/globals';
import { mira, Thread } from '../testing/thread.js';
import { append, rowChange, type Change, type Conversation } from './conversation.js';
import type { Author, EntryContent } from './entry.js';

const client: Author = { side: 'client', id: mira.id, displayName: mira.displayName };
const support: Author = { side: 'support', id: 'admin-1', displayName: 'Alma Berg' };
const billing: Author = { side: 'system', id: 'system:billing', displayName: 'Billing' };

function message(text: string): EntryContent {
  return { kind: 'message', text, editedAt: null, removedAt: null };
}

function write(conversation: Conversation, now: number, author: Author, content: EntryContent): Change {
  return append(rowChange(conversation, {}), { now, caseId: null, author, requestId: null, content });
}

describe('append', () => {
  it('gives the next seq to every entry', () => {
    const thread = new Thread();
    thread.fromClient();
    thread.fromAdmin({ ...mira, id: 'admin-1', role: 'admin' });
    thread.fromClient();
    expect(thread.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(thread.conversation.lastSeq).toBe(5);
  });

  it('never dates an entry before the one before it, though the clock went back', () => {
    const thread = new Thread();
    const first = write(thread.conversation, 1_000, client, message('one'));
    const second = write(first.conversation, 400, client, message('two'));
    const third = write(second.conversation, 1_001, client, message('three'));
    expect([...first.entries, ...second.entries, ...third.entries].map(({ createdAt }) => createdAt)).toEqual([
      1_000, 1_000, 1_001,
    ]);
    expect(second.conversation.lastEntryAt).toBe(1_000);
  });

  it('counts a message as unread for the other side only', () => {
    const thread = new Thread();
    const asked = write(thread.conversation, 1, client, message('Why?'));
    expect(asked.conversation.progress).toMatchObject({ client: { unread: 0 }, support: { unread: 1 } });
    const answered = write(asked.conversation, 2, support, message('Because.'));
    expect(answered.conversation.progress).toMatchObject({ client: { unread: 1 }, support: { unread: 1 } });
  });

  it('counts a system message for the client and leaves the wait for a word as it is', () => {
    const notice: EntryContent = { kind: 'system_message', text: 'Outage at 9', severity: 'critical', link: '' };
    const thread = new Thread();
    const alone = write(thread.conversation, 1, billing, notice).conversation;
    expect(alone).toMatchObject({
      awaitingSince: null,
      preview: 'Outage at 9',
      progress: { client: { unread: 1 }, support: { unread: 0 } },
    });
    const asked = write(alone, 2, client, message('Where?')).conversation;
    expect(write(asked, 3, billing, notice).conversation.awaitingSince).toBe(2);
  });

  it('waits since the oldest client message that support has not answered', () => {
    const thread = new Thread();
    const one = write(thread.conversation, 10, client, message('Hello'));
    const two = write(one.conversation, 20, client, message('Hello?'));
    expect(two.conversation.awaitingSince).toBe(10);
    const answered = write(two.conversation, 30, support, message('Hello.'));
    expect(answered.conversation.awaitingSince).toBeNull();
    expect(write(answered.conversation, 40, client, message('So?')).conversation.awaitingSince).toBe(40);
  });

  it('previews the last message and not what happens to the case', () => {
    const thread = new Thread();
    thread.fromClient('My meter\nis running backwards');
    expect(thread.conversation.preview).toBe('My meter is running backwards');
    thread.fromAdmin({ ...mira, id: 'admin-1', role: 'admin' }, 'Congratulations.');
    expect(thread.conversation.preview).toBe('Congratulations.');
  });

  it('counts one version for a change, however many entries it writes', () => {
    const thread = new Thread();
    const change = thread.fromClient();
    expect(change.entries).toHaveLength(2);
    expect(change.conversation.version).toBe(2);
  });
});

describe('rowChange', () => {
  it('moves the version on and writes nothing', () => {
    const { conversation } = new Thread();
    expect(rowChange(conversation, { preview: 'p' })).toEqual({
      conversation: { ...conversation, preview: 'p', version: conversation.version + 1 },
      entries: [],
      cases: [],
      messages: [],
    });
  });
});
