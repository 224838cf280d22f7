/// <reference lib="dom" />
import { IndexedDbStore } from '@energy-chat/client';

type Message = Parameters<IndexedDbStore['put']>[0];

/** Of no portal. */
const PORTAL = 'tried';
const DATABASE = `energy-chat/${PORTAL}/outgoing`;

/** What a real IndexedDB makes of the store: texts by person after each step. */
export async function tryOutgoingStore() {
  const store = new IndexedDbStore(indexedDB, PORTAL);
  await store.put(message('1', 'ana', 'one'));
  await Promise.all([
    store.put(message('2', 'ana', 'two')),
    store.put(message('1', 'ana', 'one 2')),
    store.put(message('3', 'ben', 'other')),
  ]);
  // Another tab of the device.
  const second = new IndexedDbStore(indexedDB, PORTAL);
  const ofOne = await textsOf(second, 'ana');
  const ofOther = await textsOf(second, 'ben');
  await second.remove('1');
  const afterRemoval = await textsOf(store, 'ana');
  await store.forget('ana');
  const afterForgetting = await textsOf(second, 'ana');
  const othersStay = await textsOf(second, 'ben');
  await putUnreadable();
  const withUnreadable = await textsOf(store, 'ben');
  const newerVersionHadToWait = await openNewerVersion();
  const afterNewerVersion = await store.load('ben').then(
    () => 'read',
    (failure: unknown) => (failure instanceof Error ? failure.name : 'unknown'),
  );
  return {
    ofOne,
    ofOther,
    afterRemoval,
    afterForgetting,
    othersStay,
    withUnreadable,
    afterNewerVersion,
    newerVersionHadToWait,
  };
}

function message(requestId: string, personId: string, text: string): Message {
  const queuedAt = 1;
  return {
    requestId,
    personId,
    conversationId: 'c1',
    text,
    topic: undefined,
    seenCase: undefined,
    queuedAt,
    refusal: undefined,
  };
}

async function textsOf(store: IndexedDbStore, personId: string): Promise<string[]> {
  return (await store.load(personId)).map(({ text }) => String(text)).sort();
}

async function putUnreadable(): Promise<void> {
  const database = await opened(indexedDB.open(DATABASE));
  const messages = database.transaction('messages', 'readwrite').objectStore('messages');
  const put = messages.put({ requestId: '4', personId: 'ben', words: 'of another version' });
  await new Promise((resolve) => (put.onsuccess = resolve));
  database.close();
}

/** Answers whether the tabs that are open were in the way. */
async function openNewerVersion(): Promise<boolean> {
  let hadToWait = false;
  const request = indexedDB.open(DATABASE, 2);
  request.onblocked = () => (hadToWait = true);
  (await opened(request)).close();
  return hadToWait;
}

function opened(request: IDBOpenDBRequest): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('It cannot be opened.'));
  });
}
