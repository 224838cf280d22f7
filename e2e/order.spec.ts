import { Chat } from '@energy-chat/client';
import { expect, test } from '@playwright/test';
import { eventually } from '../chat-service/src/testing/eventually.js';
import { Deployment } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { logOf } from './support/log-of.js';
import { Page, textsOf } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import type { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { nativeWay } from './support/way.js';
import { oneTo, words } from './support/words.js';

const SENDERS = 200;

test.describe('many at once', () => {
  let deployment: Deployment;
  const people: Person[] = [];

  const signIn = async (identity: Identity, replica: Replica): Promise<Person> => {
    const person = await Person.signIn(identity, [nativeWay(replica)]);
    people.push(person);
    return person;
  };

  test.beforeAll(async () => {
    deployment = await Deployment.start({
      mysqlUrl: givenUrl('TEST_MYSQL_URL'),
      brokerUrl: givenUrl('TEST_RABBITMQ_URL'),
    });
  });

  test.afterAll(async () => {
    for (const person of people) person.close();
    await deployment?.close();
  });

  test('200 concurrent senders over both replicas give seq 1 … n, and no watcher sees it go back or skip', async () => {
    const { one, two } = deployment;
    const [clientAtOne, clientAtTwo, adminAtOne, adminAtTwo] = await Promise.all([
      signIn(client(1), one),
      signIn(client(1), two),
      signIn(admin(1), one),
      signIn(admin(1), two),
    ]);
    const { conversation } = await clientAtOne.chat.getMyConversation();
    const { id } = conversation;
    await clientAtOne.chat.sendMessage(id, words('hello'));
    await adminAtTwo.chat.sendMessage(id, words('hello'));

    // Watchers of both sides on both replicas, told from the first entry on.
    const watchers = [clientAtOne, clientAtTwo, adminAtOne, adminAtTwo];
    for (const { watch } of watchers) {
      watch.watchConversation(id, 0);
      watch.start();
    }
    await soon(() => watchers.map(({ watch }) => watch.status)).toEqual(watchers.map(() => 'live'));

    // Each sender has a connection of its own.
    const senders = oneTo(SENDERS).map((number) => {
      const person = watchers[number % watchers.length] ?? clientAtOne;
      const connection = nativeWay(number % 2 === 0 ? one : two).connect();
      return { text: words(`sender ${number}`), chat: new Chat(connection.transport, person.session), connection };
    });
    const sending = Promise.all(senders.map(({ chat, text }) => chat.sendMessage(id, text)));

    // Some come in the middle, and one comes and goes every 40 entries.
    await eventually('the storm is on', () => clientAtOne.told.length > 20);
    const [late, restless] = await Promise.all([signIn(admin(2), one), signIn(client(1), two)]);
    late.watch.watchConversation(id, 0);
    late.watch.start();
    restless.watch.watchConversation(id, 0);
    restless.watch.listen({
      entry: ({ seq }) => {
        if (seq % 40 !== 0) return;
        restless.watch.stop();
        setImmediate(() => restless.watch.start());
      },
    });
    restless.watch.start();
    const answers = await sending;
    for (const { connection } of senders) connection.close();

    const log = await logOf(late.chat, id);
    const n = SENDERS + 4;
    expect(log.map(({ seq }) => seq)).toEqual(oneTo(n));
    expect(answers.map(({ seq }) => seq).sort((left, right) => left - right)).toEqual(oneTo(n).slice(-SENDERS));
    expect(textsOf(log).slice(2).sort()).toEqual(senders.map(({ text }) => text).sort());
    expect(textsOf(answers)).toEqual(senders.map(({ text }) => text));
    const times = log.map(
      ({ createdTime }) => (createdTime?.seconds ?? 0n) * 1_000_000_000n + BigInt(createdTime?.nanos ?? 0),
    );
    expect(times).toEqual([...times].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)));

    const all = [...watchers, late, restless];
    for (const person of all) {
      await soon(() => person.told.map(({ seq }) => seq), 10_000).toEqual(oneTo(n));
      await soon(() => person.rows.get(id)?.lastSeq).toBe(n);
    }
    expect(all.flatMap(({ record }) => record.disorder())).toEqual([]);
    expect(restless.record.streams.length).toBeGreaterThan(Math.floor(n / 40));
  });

  test('seven clients and three administrators at once: each conversation has its own 1 … n', async () => {
    const { one, two } = deployment;
    const admins = await Promise.all(oneTo(3).map((number) => signIn(admin(number), number % 2 === 0 ? one : two)));
    const pages: Page[] = [];
    for (const number of oneTo(7)) {
      const person = await signIn(client(1 + number), number % 2 === 0 ? two : one);
      const { conversation } = await person.chat.getMyConversation();
      pages.push(await Page.open(person, conversation.id, 'front'));
    }
    const talks = pages.map(async (page, index) => {
      const { conversationId } = page.view;
      const supporter = admins[index % admins.length];
      if (supporter === undefined) throw new Error('Nobody is there.');
      await page.send(words('hello'));
      const own = oneTo(15).map((number) => page.view.send(words(`${index}: client ${number}`)).text);
      for (const number of oneTo(15))
        await supporter.chat.sendMessage(conversationId, words(`${index}: support ${number}`));
      await soon(() => page.view.pending, 20_000).toEqual([]);
      return { page, own };
    });
    for (const { page, own } of await Promise.all(talks)) {
      const log = await logOf(page.person.chat, page.view.conversationId);
      expect(log.map(({ seq }) => seq)).toEqual(oneTo(33));
      await soon(() => page.texts).toEqual(textsOf(log));
      expect(page.texts.filter((text) => own.includes(text))).toEqual(own);
    }
    expect(people.flatMap(({ record }) => record.disorder())).toEqual([]);
  });
});
