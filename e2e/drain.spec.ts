import { Chat, Session, Watch } from '@energy-chat/client';
import { expect, test } from '@playwright/test';
import { setTimeout as pace } from 'node:timers/promises';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import { eventually } from '../chat-service/src/testing/eventually.js';
import { Deployment } from './support/deployment.js';
import { envoyEdge } from './support/edge.js';
import { givenUrl } from './support/given-url.js';
import { logOf } from './support/log-of.js';
import { textsOf } from './support/page.js';
import { client } from './support/person.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';
import { nativeWay } from './support/way.js';
import { oneTo, words } from './support/words.js';

const CLIENTS = 8;
const WATCHES_EACH = 250;
/** Envoy takes 100 on one connection, and a watch that moves has two for a moment. */
const STREAMS_EACH = 45;
const WATCHES = CLIENTS * WATCHES_EACH;

/** One client with many pages, and when each was told everything anew. */
interface Crowd {
  readonly chat: Chat;
  readonly conversationId: string;
  readonly watches: readonly Watch[];
  readonly backAt: number[];
}

test('a replica with half of 2,000 watches is asked to end under load: no send fails, all are back within 10 s', async () => {
  test.setTimeout(120_000);
  const undo = new Undo();
  try {
    const deployment = await Deployment.start({
      mysqlUrl: givenUrl('TEST_MYSQL_URL'),
      brokerUrl: givenUrl('TEST_RABBITMQ_URL'),
    });
    undo.later(() => deployment.close());
    const { one, two } = deployment;
    const envoy = await envoyEdge([one.address, two.address]);
    undo.later(() => envoy.close());

    const crowds = await Promise.all(oneTo(CLIENTS).map((number) => gather(number, envoy.openEdge, undo)));
    const all = crowds.flatMap(({ watches }) => watches);
    const live = (): number => all.filter(({ status }) => status === 'live').length;
    await soon(live, 60_000).toBe(WATCHES);
    const watchers = async (): Promise<number> => one.figure('chat_watchers');
    await soon(watchers).toBeGreaterThan(WATCHES / 4);
    await soon(watchers).toBeLessThan((WATCHES * 3) / 4);

    let isTalking = true;
    const failures: unknown[] = [];
    const talk = async ({ chat, conversationId }: Crowd): Promise<string[]> => {
      const sent: string[] = [];
      while (isTalking) {
        const text = words(`message ${sent.length}`);
        // What the person would see: the SDK tries again by itself, and gives up after its deadline only.
        await chat.sendMessage(conversationId, text).catch((error: unknown) => failures.push(error));
        sent.push(text);
        await pace(20);
      }
      return sent;
    };
    const talks = crowds.map(talk);

    const leaving = await one.figure('chat_watchers');
    const askedAt = performance.now();
    const ended = one.terminate();
    const back = (): number[] => crowds.flatMap(({ backAt }) => backAt).filter((at) => at > askedAt);
    await eventually('everybody is back', () => back().length >= leaving && live() === WATCHES, 10_000);
    await ended;
    expect(await two.figure('chat_watchers')).toBe(WATCHES);
    isTalking = false;
    const sent = await Promise.all(talks);
    expect(failures).toEqual([]);
    for (const [index, { chat, conversationId }] of crowds.entries()) {
      const log = await logOf(chat, conversationId);
      expect(log.map(({ seq }) => seq)).toEqual(oneTo(log.length));
      expect(textsOf(log)).toEqual(sent[index]);
    }
    // They were told to go at moments of their own, and did not come all at once.
    expect(new Set(back().map((at) => Math.floor(at / 100))).size).toBeGreaterThan(3);
  } finally {
    await undo.all();
  }
});

async function gather(number: number, address: string, undo: Undo): Promise<Crowd> {
  const { transport, close } = nativeWay({ name: 'Envoy', address }).connect();
  undo.later(async () => close());
  const session = new Session(transport);
  undo.later(async () => session.close());
  const { login, audience } = client(number);
  await session.signIn(login, DEMO_PASSWORD, audience);
  const chat = new Chat(transport, session);
  const { conversation } = await chat.getMyConversation();
  const backAt: number[] = [];
  const connections = oneTo(Math.ceil(WATCHES_EACH / STREAMS_EACH)).map(() => {
    const connection = nativeWay({ name: 'Envoy', address }).connect();
    undo.later(async () => connection.close());
    return connection.transport;
  });
  const watches = oneTo(WATCHES_EACH).map((watchNumber) => {
    const watch = new Watch(connections[watchNumber % connections.length] ?? transport, session);
    watch.listen({ caughtUp: () => backAt.push(performance.now()) });
    watch.watchConversation(conversation.id, 0);
    watch.start();
    return watch;
  });
  undo.later(async () => watches.forEach((watch) => watch.stop()));
  return { chat, conversationId: conversation.id, watches, backAt };
}
