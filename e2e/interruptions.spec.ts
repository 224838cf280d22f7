import { setTimeout as pace } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import { eventually } from '../chat-service/src/testing/eventually.js';
import { startRabbitmq } from '../scripts/services/rabbitmq.mjs';
import type { Server } from '../scripts/services/server.mjs';
import { Deployment, HEARTBEAT_SECONDS } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { logOf } from './support/log-of.js';
import { NewChats } from './support/new-chats.js';
import { Page, textsOf } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import type { Replica } from './support/replica.js';
import { secretsIn } from './support/secrets.js';
import { shownCase } from './support/shown-case.js';
import { soon } from './support/soon.js';
import { nativeWay } from './support/way.js';
import { oneTo, words } from './support/words.js';

/** One heartbeat, and what a busy machine needs on top: processes, statements, the wire. */
const ONE_HEARTBEAT = HEARTBEAT_SECONDS * 1_000 + 1_500;
const TWO_HEARTBEATS = 2 * HEARTBEAT_SECONDS * 1_000 + 1_500;
/** How many entries a page holds at most of a long conversation, newest first. */
const MOST_HELD = 300;

/** What people notice when a part of the service goes away: nothing but a moment. */
test.describe.serial('when a part goes away', () => {
  let deployment: Deployment;
  let broker: Server;
  const everybody: Person[] = [];

  /** At the first replica while it lasts, then at the other. */
  const signIn = async (identity: Identity, ...replicas: readonly [Replica, ...Replica[]]): Promise<Person> => {
    const [first, ...others] = replicas;
    const person = await Person.signIn(identity, [nativeWay(first), ...others.map(nativeWay)]);
    everybody.push(person);
    return person;
  };
  const openOwn = async (person: Person): Promise<Page> => {
    const { conversation } = await person.chat.getMyConversation();
    return Page.open(person, conversation.id, 'front');
  };
  /** Both pages show the newest of the log as it is, and what was sent is in it once and in its order. */
  const expectWhole = async (pages: readonly Page[], sent: ReadonlyMap<string, readonly string[]>): Promise<void> => {
    for (const page of pages) {
      const log = await logOf(page.person.chat, page.view.conversationId);
      expect(log.map(({ seq }) => seq)).toEqual(oneTo(log.length));
      await soon(() => page.seqs.at(-1)).toBe(log.length);
      const held = page.seqs.length;
      expect(held).toBeGreaterThanOrEqual(Math.min(log.length, MOST_HELD));
      expect(page.seqs).toEqual(oneTo(log.length).slice(-held));
      expect(page.texts).toEqual(textsOf(log.slice(-held)));
      for (const [personId, texts] of sent) {
        expect(textsOf(log.filter(({ author }) => author?.id === personId))).toEqual(texts);
      }
    }
  };

  test.beforeAll(async () => {
    broker = await startRabbitmq();
    deployment = await Deployment.start({ mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl: broker.url });
  });

  test.afterEach(() => {
    for (const person of everybody) person.watch.stop();
  });

  test.afterAll(async () => {
    for (const person of everybody) person.close();
    await deployment?.close();
    await broker?.close();
  });

  test('a replica is killed in mid-conversation: nothing is lost, nothing twice, order kept', async () => {
    const { one, two } = deployment;
    const ana = await openOwn(await signIn(client(1), one, two));
    await ana.send(words('hello'));
    const maria = await Page.open(await signIn(admin(1), two, one), ana.view.conversationId, 'front');
    await maria.send(words('hello, how can I help?'));

    const anas = oneTo(120).map((number) => words(`ana ${number}`));
    const marias = oneTo(120).map((number) => words(`maria ${number}`));
    const write = (from: number, to: number): void => {
      for (const text of anas.slice(from, to)) ana.view.send(text);
      for (const text of marias.slice(from, to)) maria.view.send(text);
    };
    write(0, 80);
    await eventually('the talk is under way', () => ana.texts.length > 40 && maria.texts.length > 40);
    // At the moment of its death a replica has some in hand, in a row and one beside the other.
    write(80, 120);
    const { conversationId } = ana.view;
    const besides = oneTo(20).map((number) => ana.person.chat.sendMessage(conversationId, words(`aside ${number}`)));
    const killedAt = performance.now();
    await one.kill();

    const asides = await Promise.all(besides);
    await soon(() => ana.view.pending.length + maria.view.pending.length, 20_000).toBe(0);
    await soon(() => ana.person.record.caughtUpSince(killedAt, 'two').length, 10_000).toBeGreaterThan(0);
    await soon(() => ana.texts.length).toBe(2 + 120 + 120 + 20);

    const log = await logOf(maria.person.chat, conversationId);
    const asideSeqs = new Set(asides.map(({ seq }) => seq));
    expect(asideSeqs.size).toBe(20);
    const inOrder = log.filter(({ seq, author }) => author?.id === '4' && !asideSeqs.has(seq));
    expect(textsOf(inOrder)).toEqual([words('hello'), ...anas]);
    await expectWhole([ana, maria], new Map([['1', [words('hello, how can I help?'), ...marias]]]));
    expect([ana, maria].flatMap(({ person }) => person.record.disorder())).toEqual([]);
    // What the SDK told, entry by entry, over both streams.
    const toldSeqs = ana.person.told.map(({ seq }) => seq);
    expect(toldSeqs).toEqual(oneTo(log.length));
    await one.start();
  });

  test('RabbitMQ stops: talk goes on, the other replica is right within one heartbeat, and announcements follow', async () => {
    const { one, two } = deployment;
    const ana = await openOwn(await signIn(client(2), one));
    await ana.send(words('before'));
    const mariaHerself = await signIn(admin(1), two);
    mariaHerself.watchInbox();
    const maria = await Page.open(mariaHerself, ana.view.conversationId, 'front');
    await maria.send(words('still here'));
    await soon(() => ana.texts).toHaveLength(2);
    await broker.stop();

    await test.step('messages and ticks, both ways', async () => {
      const question = await ana.send(words('can you hear me?'));
      await soon(() => maria.texts.at(-1), ONE_HEARTBEAT).toBe(words('can you hear me?'));
      await soon(() => maria.view.row?.supportProgress?.readSeq).toBe(question.seq);
      await soon(() => ana.view.tickOf(question), ONE_HEARTBEAT).toBe('read');
      const answer = await maria.send(words('as ever'));
      await soon(() => ana.texts.at(-1), ONE_HEARTBEAT).toBe(words('as ever'));
      await soon(() => maria.view.tickOf(answer), ONE_HEARTBEAT).toBe('read');
    });

    // New chats while nobody can be told: two of them of one client.
    const [ben, leaHerself] = await Promise.all([signIn(client(3), one).then(openOwn), signIn(client(4), one)]);
    const { conversation: leas } = await leaHerself.chat.getMyConversation();
    await test.step('a new chat in the inbox', async () => {
      await ben.send(words('first chat'));
      const row = () => mariaHerself.rows.get(ben.view.conversationId);
      await soon(() => row()?.preview, ONE_HEARTBEAT).toBe(words('first chat'));
      const mariaWithBen = await Page.open(mariaHerself, ben.view.conversationId, 'front');
      await mariaWithBen.send(words('hello ben'));
      await mariaHerself.chat.close(shownCase(mariaWithBen), mariaWithBen.seqs.at(-1) ?? 0);
      await soon(() => row()?.openCase).toBeUndefined();
      await leaHerself.chat.sendMessage(leas.id, words('another chat'));
      await ben.send(words('second chat'));
      await soon(() => row()?.openCase?.number, ONE_HEARTBEAT).toBe(2);
    });
    await test.step('who is there, within two heartbeats', async () => {
      const mariaWithLea = await Page.open(mariaHerself, leas.id, 'background');
      await soon(() => mariaWithLea.view.otherSidePresent).toBe(false);
      await openOwn(leaHerself);
      await soon(() => mariaWithLea.view.otherSidePresent, TWO_HEARTBEATS).toBe(true);
    });

    await test.step('a replica boots without it', async () => {
      await two.terminate();
      await two.start();
      const victor = await signIn(admin(2), two);
      await Page.open(victor, leas.id, 'front').then((page) => page.send(words('good morning')));
      await soon(() => textsOf(leaHerself.told).at(-1), ONE_HEARTBEAT).toBe(words('good morning'));
    });

    await broker.start();
    await test.step('what was to be announced meanwhile arrives, in order', async () => {
      const newChats = await NewChats.listen(broker.url);
      const bens = ben.view.conversationId;
      const secondSeq = ben.view.entries.filter(({ content }) => content.case === 'caseOpened').at(-1)?.seq;
      await soon(() => newChats.idsOf([bens]), 30_000).toEqual([
        `${bens}/1/case_opened`,
        `${bens}/${String(secondSeq)}/case_opened`,
      ]);
      await soon(() => newChats.idsOf([leas.id])).toEqual([`${leas.id}/1/case_opened`]);
      await newChats.close();
    });
    await test.step('and the replicas hear each other again', async () => {
      const victor = await signIn(admin(3), two);
      const page = await Page.open(victor, ana.view.conversationId, 'front');
      // Typing goes by hints alone.
      await soon(async () => {
        await ana.person.chat.setTyping(ana.view.conversationId, true);
        return page.view.typing.map(({ displayName }) => displayName);
      }, 10_000).toEqual(['client2']);
    });
    expect(everybody.flatMap(({ record }) => record.disorder())).toEqual([]);
  });

  test('a replica is asked to end under load: no send fails, and everybody is back within 10 s', async () => {
    const { one, two } = deployment;
    const [lea, mihai, maria, victor] = await Promise.all([
      signIn(client(5), two, one).then(openOwn),
      signIn(client(6), one, two).then(openOwn),
      signIn(admin(1), two, one),
      signIn(admin(2), two, one),
    ]);
    maria.watchInbox();
    await Promise.all([lea.send(words('lea 0')), mihai.send(words('mihai 0'))]);
    const mariaWithLea = await Page.open(maria, lea.view.conversationId, 'front');
    const victorWithMihai = await Page.open(victor, mihai.view.conversationId, 'front');
    await Promise.all([mariaWithLea.send(words('maria 0')), victorWithMihai.send(words('victor 0'))]);

    const pages = { lea, mihai, maria: mariaWithLea, victor: victorWithMihai };
    const sent = new Map<string, string[]>();
    let talking = true;
    const talk = async (name: string, page: Page): Promise<void> => {
      const texts = [words(`${name} 0`)];
      sent.set(page.person.identity.id, texts);
      for (let number = 1; talking; number += 1) {
        texts.push(words(`${name} ${number}`));
        page.view.send(words(`${name} ${number}`));
        // The load: so many messages a second, while no more wait than a device keeps.
        do await pace(10);
        while (page.view.pending.length >= 100);
      }
    };
    const talks = Object.entries(pages).map(([name, page]) => talk(name, page));
    await eventually('the load is on', () => lea.texts.length > 40);

    const askedAt = performance.now();
    const ended = two.terminate();
    const ofTwo = [lea.person, maria, victor];
    const back = (person: Person) => person.record.caughtUpSince(askedAt, 'one').length > 0;
    await soon(() => ofTwo.filter(back).length, 10_000).toBe(ofTwo.length);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    await ended;
    talking = false;
    await Promise.all(talks);

    const all = Object.values(pages);
    await soon(() => all.flatMap(({ view }) => view.pending).length, 20_000).toBe(0);
    for (const { identity, statuses } of ofTwo) {
      // They went over without a gap in between.
      expect([identity.login, ...statuses]).toEqual([identity.login, 'connecting', 'live']);
    }
    await expectWhole([lea, mariaWithLea], new Map([...sent].filter(([id]) => ['1', '8'].includes(id))));
    await expectWhole([mihai, victorWithMihai], new Map([...sent].filter(([id]) => ['2', '9'].includes(id))));
    expect(all.flatMap(({ person }) => person.record.disorder())).toEqual([]);
    await two.start();
  });

  test("the replicas' logs hold no message, password, token or unexpected error", () => {
    expect(deployment.logs).toContain('"msg":"stopped"');
    expect(deployment.logs).not.toMatch(/"level":"(error|fatal)"/);
    expect(secretsIn(deployment.logs, everybody)).toEqual([]);
    const brokerPassword = new URL(broker.url).password;
    expect(deployment.logs).not.toContain(brokerPassword);
  });
});
