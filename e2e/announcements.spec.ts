import { expect, test } from '@playwright/test';
import { startRabbitmq } from '../scripts/services/rabbitmq.mjs';
import type { Server } from '../scripts/services/server.mjs';
import { Announcements } from './support/announcements.js';
import { Deployment, HEARTBEAT_SECONDS } from './support/deployment.js';
import { givenUrl } from './support/given-url.js';
import { Page } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import type { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { nativeWay } from './support/way.js';
import { words } from './support/words.js';

/** Within which another replica goes on where one was killed. */
const HANDED_OVER = 15_000;
/** A reply unread so long is announced; the look comes up to 5 s later, by a Watch that is gone two heartbeats later. */
const UNREAD_SECONDS = 2;
const ANNOUNCED = UNREAD_SECONDS * 1_000 + 5_000 + 2 * HEARTBEAT_SECONDS * 1_000 + 3_000;
const ACCOUNT = { name: 'chat', password: 'a-secret-of-the-chat' };

/** What other services hear, whatever becomes of replicas, of the broker, and of the chat's account there. */
test.describe.serial('announcements', () => {
  let broker: Server;
  let deployment: Deployment;
  let cases: Announcements;
  const everybody: Person[] = [];

  const control = async (...args: string[]): Promise<void> => {
    if (broker.control === undefined) {
      throw new Error('This needs a RabbitMQ that the test may control: install rabbitmq-server, Docker or Podman.');
    }
    await broker.control(args);
  };
  const allow = (configure = '.*', write = '.*', read = '.*') =>
    control('set_permissions', ACCOUNT.name, configure, write, read);
  const signIn = async (identity: Identity, replica: Replica): Promise<Person> => {
    const person = await Person.signIn(identity, [nativeWay(replica)]);
    everybody.push(person);
    return person;
  };
  /** A client's first message: a new chat. */
  const newChat = async (number: number, replica: Replica) => {
    const person = await signIn(client(number), replica);
    const { conversation } = await person.chat.getMyConversation();
    await person.chat.sendMessage(conversation.id, words('hello'));
    return { person, id: conversation.id, opened: `${conversation.id}/1/case_opened` };
  };
  const holderOf = async (lease: string): Promise<Replica> => {
    const [row] = await deployment.query('SELECT holder FROM lease WHERE name = ?', [lease]);
    const holder = deployment.replicas.find(({ name }) => name === row?.holder);
    if (holder === undefined) throw new Error(`Nobody holds ${lease}.`);
    return holder;
  };
  const besides = (replica: Replica): Replica => (replica === deployment.one ? deployment.two : deployment.one);
  const uses = async (replica: Replica) => {
    const { ready, parts } = await replica.readiness();
    return { ready, hints: parts['RabbitMQ, hints'], announcements: parts['RabbitMQ, announcements'] };
  };
  const AWAY = 'away; clients are served without it';
  /** Everybody talks on: of a client at one replica the page of an administrator at the other is right by the heartbeat. */
  const expectTalk = async (number: number): Promise<string> => {
    const ana = await signIn(client(number), deployment.one);
    const { conversation } = await ana.chat.getMyConversation();
    const maria = await Page.open(await signIn(admin(1), deployment.two), conversation.id, 'front');
    const text = words(`still here ${maria.seqs.length}`);
    await ana.chat.sendMessage(conversation.id, text);
    await soon(() => maria.texts.at(-1), HEARTBEAT_SECONDS * 1_000 + 1_500).toBe(text);
    maria.person.watch.stop();
    return conversation.id;
  };

  test.beforeAll(async () => {
    broker = await startRabbitmq();
    await control('add_user', ACCOUNT.name, ACCOUNT.password);
    await allow();
    const own = new URL(broker.url);
    own.username = ACCOUNT.name;
    own.password = ACCOUNT.password;
    deployment = await Deployment.start(
      { mysqlUrl: givenUrl('TEST_MYSQL_URL'), brokerUrl: broker.url },
      {
        settingsOf: (_, settings) => ({
          ...settings,
          RABBITMQ_URL: own.href,
          REPLY_UNREAD_SECONDS: String(UNREAD_SECONDS),
        }),
      },
    );
    cases = await Announcements.listen(broker.url, 'energy.chat.case.opened.v1');
  });

  test.afterEach(() => {
    for (const person of everybody.splice(0)) person.close();
  });

  test.afterAll(async () => {
    await cases?.close();
    await deployment?.close();
    await broker?.close();
  });

  test('a reply that its client has not seen is announced when they are gone, and that they have seen it', async () => {
    // Nobody is bound before: what waits arrives late, and is not lost.
    const ana = await signIn(client(1), deployment.one);
    const page = await ana.chat
      .getMyConversation()
      .then(({ conversation }) => Page.open(ana, conversation.id, 'background'));
    const { conversationId } = page.view;
    await page.send(words('a question'));
    const maria = await signIn(admin(1), deployment.two);
    const answer = await maria.chat.sendMessage(conversationId, words('an answer'));
    await soon(() => page.texts).toHaveLength(2);
    ana.watch.stop();
    const unread = `${conversationId}/${answer.seq}/reply_unread`;
    await soon(
      () =>
        deployment.query("SELECT kind FROM outbox WHERE conversation_id = ? AND kind = 'reply_unread'", [
          conversationId,
        ]),
      ANNOUNCED,
    ).toHaveLength(1);

    const replies = await Announcements.listen(broker.url, 'energy.chat.reply.*.v1');
    // What no queue takes is tried again each minute.
    await soon(() => replies.idsOf(conversationId), 75_000).toEqual([unread]);
    await ana.chat.markProgress({ conversationId, deliveredSeq: answer.seq, readSeq: answer.seq });
    await soon(() => replies.idsOf(conversationId)).toEqual([unread, `${conversationId}/${answer.seq}/reply_read`]);
    expect(JSON.stringify(replies.heard)).not.toContain('answer');
    await replies.close();
  });

  test('the replica that relays is killed: the other goes on within 15 s, and so it does for unread replies', async () => {
    const relaying = await holderOf('announcement-relay');
    const other = besides(relaying);
    const first = await newChat(2, other);
    await soon(() => cases.idsOf(first.id)).toEqual([first.opened]);
    await relaying.kill();
    const second = await newChat(3, other);
    await soon(() => cases.idsOf(second.id), HANDED_OVER).toEqual([second.opened]);
    expect(await holderOf('announcement-relay')).toBe(other);
    await soon(() => holderOf('unread-replies'), HANDED_OVER).toBe(other);
    await relaying.start();
  });

  test('the disk of the broker is full: talk goes on, announcements wait, and follow when there is room', async () => {
    await control('set_disk_free_limit', '999999GB');
    // RabbitMQ looks at its disk every few seconds, and tells a connection that publishes.
    const ana = await signIn(client(1), deployment.one);
    const { conversation } = await ana.chat.getMyConversation();
    const blocked = async (): Promise<boolean> => {
      await ana.chat.setTyping(conversation.id, true);
      return deployment.one.log.includes('RabbitMQ takes no messages for now');
    };
    await soon(blocked, 30_000).toBe(true);
    const { id, opened } = await newChat(4, deployment.one);
    await expectTalk(4);
    expect(cases.idsOf(id)).toEqual([]);
    expect(await deployment.one.figure('chat_outbox_backlog')).toBeGreaterThan(0);
    expect(await deployment.one.figure('chat_outbox_oldest_seconds')).toBeGreaterThan(0);
    await control('set_disk_free_limit', '50MB');
    await soon(() => cases.idsOf(id), 30_000).toEqual([opened]);
    expect((await uses(deployment.one)).ready).toBe(true);
  });

  test("the chat's account is deleted: talk goes on, the log says the cure, and all is well when it is back", async () => {
    await control('delete_user', ACCOUNT.name);
    for (const replica of deployment.replicas) {
      await soon(() => uses(replica), 15_000).toEqual({ ready: true, hints: AWAY, announcements: AWAY });
      await soon(() => replica.log).toContain('Cure: the account of RABBITMQ_URL is unknown or has another password');
    }
    const { id, opened } = await newChat(5, deployment.one);
    await expectTalk(5);
    await control('add_user', ACCOUNT.name, ACCOUNT.password);
    await allow();
    await soon(() => cases.idsOf(id), 30_000).toEqual([opened]);
    for (const replica of deployment.replicas) {
      await soon(() => uses(replica), 30_000).toEqual({ ready: true, hints: 'ok', announcements: 'ok' });
    }
    expect(deployment.logs).not.toContain(ACCOUNT.password);
  });

  test("the account's permissions are taken: the log says which are needed, and all is well when they are back", async () => {
    await allow('^$', '^$', '^$');
    await control('close_all_connections', '--vhost', '/', 'a test');
    for (const replica of deployment.replicas) {
      // Which of its troubles come first is the broker's matter; that none is told again and again is ours.
      await soon(() => replica.log, 15_000).toContain(
        'Cure: give the account of RABBITMQ_URL configure, write and read',
      );
      await soon(async () => (await uses(replica)).hints, 15_000).toBe(AWAY);
    }
    cases = await Announcements.listen(broker.url, 'energy.chat.case.opened.v1');
    const { id, opened } = await newChat(6, deployment.one);
    await expectTalk(6);
    for (const { log } of deployment.replicas) {
      expect(log.match(/refuses to declare exchange energy.chat as/g) ?? []).toHaveLength(1);
    }
    await allow();
    await soon(() => cases.idsOf(id), 45_000).toEqual([opened]);
    for (const replica of deployment.replicas) {
      await soon(() => uses(replica), 30_000).toEqual({ ready: true, hints: 'ok', announcements: 'ok' });
    }
  });

  test("a replica's queue of hints is deleted: it makes another, and hears the others again", async () => {
    const ana = await signIn(client(7), deployment.one);
    const { conversation } = await ana.chat.getMyConversation();
    await ana.chat.sendMessage(conversation.id, words('hello'));
    const maria = await Page.open(await signIn(admin(2), deployment.two), conversation.id, 'front');
    // Typing goes by hints alone.
    const typingIsHeard = async (): Promise<boolean> => {
      await ana.chat.setTyping(conversation.id, true);
      return maria.view.typing.length > 0;
    };
    await soon(typingIsHeard).toBe(true);
    await control('eval', DELETE_HINT_QUEUES);
    await ana.chat.setTyping(conversation.id, false);
    await soon(() => maria.view.typing.length > 0, 10_000).toBe(false);
    await soon(typingIsHeard, 10_000).toBe(true);
  });
});

/** Queues that the server named, though they are exclusive: nobody else may delete them by AMQP. */
const DELETE_HINT_QUEUES = `
  [rabbit_amqqueue:delete(Queue, false, false, <<"test">>)
   || Queue <- rabbit_amqqueue:list(<<"/">>),
      binary:match(element(4, amqqueue:get_name(Queue)), <<"amq.gen">>) =/= nomatch,
      amqqueue:get_exclusive_owner(Queue) =/= none].
`;
