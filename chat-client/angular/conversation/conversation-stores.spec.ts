import { TestBed } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatConnection } from '../connection/chat-connection.js';
import { MemoryService, refusal } from '../../src/testing/memory-service.js';
import { openConversation, preparePage, until } from '../testing/chat-page.js';
import { ConversationStores } from './conversation-stores.js';
import type { ConversationStore } from './conversation-store.js';

describe('an open conversation', () => {
  let service: MemoryService;
  let connection: ChatConnection;

  beforeEach(() => {
    service = new MemoryService();
    connection = preparePage(service);
  });

  const texts = (store: ConversationStore): string[] =>
    store.entries().map(({ content }) => (content.case === 'message' ? content.value.text : ''));

  it('shows the log, then what comes', async () => {
    service.message('c1', 'before', service.admin);
    const store = await openConversation(connection);
    expect(texts(store)).toEqual(['before']);
    service.message('c1', 'live', service.admin);
    await until(() => store.entries().length === 2);
    expect(texts(store)).toEqual(['before', 'live']);
  });

  it('is one store, however often it is opened', async () => {
    const store = await openConversation(connection);
    expect(TestBed.inject(ConversationStores).open('c1')).toBe(store);
  });

  it('shows an own message at once, and once', async () => {
    const store = await openConversation(connection);
    const release = service.hold('SendMessage');
    store.send('Hello');
    expect(store.pending().map(({ state }) => state)).toEqual(['sending']);
    expect(connection.unsent()).toBe(1);
    release();
    await until(() => store.entries().length === 1);
    expect(store.pending()).toEqual([]);
    expect(connection.unsent()).toBe(0);
  });

  it('keeps what failed, to be tried again or discarded', async () => {
    const store = await openConversation(connection);
    service.fail('SendMessage', refusal(Code.FailedPrecondition, 'CASE_ASSIGNED'), 2);
    store.send('first');
    store.send('second');
    await until(() => store.pending().every(({ state }) => state === 'failed'));
    const [first, second] = store.pending();
    store.retry(first?.requestId ?? '');
    store.discard(second?.requestId ?? '');
    await until(() => store.entries().length === 1);
    expect(texts(store)).toEqual(['first']);
    expect(store.pending()).toEqual([]);
  });

  it('sends after a new sign-in of the same person what the end of the session held up', async () => {
    const store = await openConversation(connection);
    for (const session of service.sessions) session.ended = true;
    store.send('kept');
    await until(() => connection.me() === undefined);
    expect(store.pending().map(({ state }) => state)).toEqual(['sending']);
    await connection.signIn('ana', 'right');
    await until(() => store.entries().length === 1);
    expect(texts(store)).toEqual(['kept']);
  });

  it('loads older pages one at a time, and says while it does', async () => {
    for (let number = 0; number < 120; number += 1) service.message('c1', `text ${number}`, service.admin);
    const store = await openConversation(connection);
    expect([store.entries().length, store.hasOlder()]).toEqual([50, true]);
    const older = store.loadOlder();
    expect(store.loadingOlder()).toBe(true);
    await Promise.all([older, store.loadOlder()]);
    expect(store.entries()).toHaveLength(100);
    expect(store.loadingOlder()).toBe(false);
  });

  it('says why it cannot be shown, and opens when asked again', async () => {
    await connection.signIn('ana', 'right');
    service.fail('ListEntries', refusal(Code.PermissionDenied, 'NOT_YOURS'));
    const store = TestBed.inject(ConversationStores).open('c1');
    await until(() => store.failure()?.reason === 'NOT_YOURS');
    expect(store.loading()).toBe(false);
    store.open();
    await until(() => !store.loading() && store.failure() === undefined);
  });

  it('tells when the other side was seen to read, and not of what it read before', async () => {
    service.message('c1', 'mine');
    service.changeRow('c1', { supportProgress: create(ProgressSchema, { deliveredSeq: 1, readSeq: 1 }) });
    const store = await openConversation(connection);
    expect(store.readAt()).toBeUndefined();
    service.message('c1', 'mine too');
    service.changeRow('c1', { supportProgress: create(ProgressSchema, { deliveredSeq: 2, readSeq: 2 }) });
    await until(() => store.readAt() !== undefined);
    expect(store.readAt()?.seq).toBe(2);
  });

  it('shows nobody else’s draft, and forgets the draft of who signs out', async () => {
    const store = await openConversation(connection);
    store.draft.set('for my eyes');
    TestBed.tick();
    await connection.signOut();
    expect(Object.keys(localStorage)).toEqual(['energy-chat/language']);
    const next = await openConversation(connection, 'maria');
    expect(next.draft()).toBe('');
    expect(next).not.toBe(store);
  });
});
