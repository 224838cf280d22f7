import { writeFileSync } from 'node:fs';
import { Chat, failoverTransport, newRequestId } from '@energy-chat/client';
import { expect, test } from '@playwright/test';
import { eventually } from '../chat-service/src/testing/eventually.js';
import { startGalera } from '../scripts/services/galera.mjs';
import { startRabbitmqCluster } from '../scripts/services/rabbitmq-cluster.mjs';
import type { Server } from '../scripts/services/server.mjs';
import { Deployment } from './support/deployment.js';
import { hostsOf, storedAt } from './support/galera-node.js';
import { NewChats } from './support/new-chats.js';
import { admin, client, type Identity, Person } from './support/person.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';
import { nativeWay, type Way } from './support/way.js';
import { oneTo, words } from './support/words.js';

const CONVERSATIONS = 8;
/** Of each conversation: the client's, and its administrator's. */
const CLIENT_SENDERS = 6;
const ADMIN_SENDERS = 2;
const LEAST_SENDS = 20_000;
/** That must be acknowledged while a node is away, and again after it is back. */
const SENDS_BETWEEN = 1_000;
/** Until every page has been told everything, in milliseconds. */
const CATCH_UP = 60_000;

interface Acknowledged {
  readonly conversationId: string;
  readonly requestId: string;
  readonly seq: number;
}

/** A node that may be killed and started. */
type Breakable = Pick<Server, 'kill' | 'start'>;

test.describe('three replicas at three nodes of a Galera and a RabbitMQ cluster', () => {
  const undo = new Undo();
  test.afterAll(() => undo.all());

  test('nodes of both are killed and come back: nothing is lost, nothing twice, every watch in order', async () => {
    test.setTimeout(9 * 60_000);
    const galera = await startGalera();
    undo.later(() => galera.close());
    const rabbitmq = await startRabbitmqCluster();
    undo.later(() => rabbitmq.close());
    const brokerUrl = rabbitmq.nodes.map(({ url }) => url).join(',');
    const deployment = await Deployment.start(
      { mysqlUrl: hostsOf(galera.nodes), brokerUrl },
      { names: ['one', 'two', 'three'] },
    );
    undo.later(() => deployment.close());

    /** Every replica in turn, from the given one on. */
    const waysFrom = (index: number): [Way, ...Way[]] => {
      const ways = deployment.replicas.map(nativeWay);
      const [first, ...others] = [...ways.slice(index % 3), ...ways.slice(0, index % 3)];
      if (first === undefined) throw new Error('There is no replica.');
      return [first, ...others];
    };
    const signIn = async (identity: Identity, index: number): Promise<Person> => {
      const person = await Person.signIn(identity, waysFrom(index));
      undo.later(async () => person.close());
      return person;
    };

    // Each conversation is watched by its client at one replica and by its administrator at the next.
    const admins = await Promise.all(oneTo(3).map((number) => signIn(admin(number), number)));
    const talks = await Promise.all(
      oneTo(CONVERSATIONS).map(async (number) => {
        const support = admins[number % admins.length];
        if (support === undefined) throw new Error('Nobody is there.');
        const person = await signIn(client(number), number);
        const { conversation } = await person.chat.getMyConversation();
        await person.chat.sendMessage(conversation.id, words('hello'));
        await support.chat.sendMessage(conversation.id, words('hello, how can I help?'));
        for (const { watch } of [person, support]) {
          watch.watchConversation(conversation.id, 0);
          watch.start();
        }
        return { id: conversation.id, client: person, support };
      }),
    );
    const firstMessages = 2 * CONVERSATIONS;

    const acknowledged: Acknowledged[] = [];
    let attempted = 0;
    let isOver = false;
    /** One message after the other, each until it is answered, under one request id. */
    const send = async (conversationId: string, person: Person, index: number): Promise<void> => {
      const connections = waysFrom(index).map((way) => way.connect());
      const [first, ...others] = connections.map(({ transport }) => transport);
      if (first === undefined) throw new Error('There is no way.');
      const chat = new Chat(failoverTransport(first, ...others), person.session);
      while (!isOver) {
        const requestId = newRequestId();
        attempted += 1;
        const limits = { requestId, deadlineMs: Infinity };
        const { seq } = await chat.sendMessage(conversationId, words(`${attempted}`), limits);
        acknowledged.push({ conversationId, requestId, seq });
      }
      for (const connection of connections) connection.close();
    };
    const beganAt = performance.now();
    const senders = talks.flatMap(({ id, client: person, support }, index) => [
      ...oneTo(CLIENT_SENDERS).map((number) => send(id, person, index + number)),
      ...oneTo(ADMIN_SENDERS).map((number) => send(id, support, index + number)),
    ]);
    const sending = Promise.all(senders);
    sending.catch(() => undefined);

    /** The longest that nobody was acknowledged, in milliseconds. */
    let longestPause = 0;
    let lastCount = 0;
    let lastAt = beganAt;
    const watchPauses = setInterval(() => {
      if (acknowledged.length > lastCount) {
        [lastCount, lastAt] = [acknowledged.length, performance.now()];
      }
      longestPause = Math.max(longestPause, performance.now() - lastAt);
    }, 20);
    undo.later(async () => clearInterval(watchPauses));
    const more = async (count: number, why: string): Promise<void> => {
      const until = acknowledged.length + count;
      // A sender that was refused ends the run with its reason.
      await Promise.race([eventually(why, () => acknowledged.length >= until, 120_000), sending]);
    };
    let faults = 0;
    const killed = async (nodes: readonly (Breakable | undefined)[]): Promise<void> => {
      const there = nodes.filter((node) => node !== undefined);
      faults += there.length;
      await Promise.all(there.map((node) => node.kill()));
      await more(SENDS_BETWEEN, 'all goes on without a node');
      await Promise.all(there.map((node) => node.start()));
      await more(SENDS_BETWEEN, 'all goes on with the node back');
    };
    await more(SENDS_BETWEEN, 'the load is on');
    const [databaseOne, databaseTwo, databaseThree] = galera.nodes;
    const [brokerOne, brokerTwo, brokerThree] = rabbitmq.nodes;
    await killed([databaseOne]);
    await killed([brokerTwo]);
    await killed([databaseTwo, brokerOne]);
    await killed([databaseThree]);
    await killed([databaseOne, brokerThree]);
    await eventually('enough is sent', () => acknowledged.length >= LEAST_SENDS, 180_000);
    isOver = true;
    await sending;
    clearInterval(watchPauses);
    const seconds = (performance.now() - beganAt) / 1_000;

    // What the database has, at each node.
    const stored = await Promise.all(galera.nodes.map(({ url }) => storedAt(url, deployment.schema)));
    const [log] = stored;
    if (log === undefined) throw new Error('There is no node.');
    expect(stored.map(({ length }) => length)).toEqual(stored.map(() => log.length));
    expect(stored.slice(1)).toEqual(stored.slice(1).map(() => log));
    const byRequest = Map.groupBy(
      log.filter(({ requestId }) => requestId !== null),
      (entry) => `${entry.conversationId} ${entry.requestId ?? ''}`,
    );
    const lost = acknowledged.filter(
      ({ conversationId, requestId, seq }) => byRequest.get(`${conversationId} ${requestId}`)?.[0]?.seq !== seq,
    );
    const doubled = [...byRequest.values()].filter(({ length }) => length > 1);
    const gaps = talks.filter(({ id }) => {
      const seqs = log.filter(({ conversationId }) => conversationId === id).map(({ seq }) => seq);
      return seqs.some((seq, index) => seq !== index + 1);
    });
    const messages = log.filter(({ kind }) => kind === 'message').length;

    // What the pages were told.
    const headOf = (id: string): number => log.filter(({ conversationId }) => conversationId === id).length;
    for (const { id, client: person, support } of talks) {
      for (const watcher of [person, support]) {
        const told = (): number[] =>
          watcher.told.filter(({ conversationId }) => conversationId === id).map(({ seq }) => seq);
        await soon(() => told().at(-1), CATCH_UP).toBe(headOf(id));
        expect(told()).toEqual(oneTo(headOf(id)));
      }
    }
    const people = [...admins, ...talks.map(({ client: person }) => person)];
    const disorder = people.flatMap(({ record }) => record.disorder());

    const figures = {
      seconds: Math.round(seconds),
      attempted,
      acknowledged: acknowledged.length,
      lost: lost.length,
      doubled: doubled.length,
      gaps: gaps.length,
      outOfOrder: disorder.length,
      told: people.reduce((sum, { told }) => sum + told.length, 0),
      streams: people.reduce((sum, { record }) => sum + record.streams.length, 0),
      nodesKilled: faults,
      longestPauseSeconds: Math.round(longestPause / 100) / 10,
    };
    console.log(JSON.stringify(figures));
    const file = process.env['CLUSTER_FIGURES'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(figures));
    expect(figures).toMatchObject({ lost: 0, doubled: 0, gaps: 0, outOfOrder: 0, nodesKilled: 7 });
    expect(acknowledged.length).toBe(attempted);
    expect(messages).toBe(acknowledged.length + firstMessages);
    expect(acknowledged.length).toBeGreaterThanOrEqual(LEAST_SENDS);

    // The queue of new chats has outlived its nodes.
    const newChats = await NewChats.listen(brokerUrl);
    undo.later(() => newChats.close());
    const ids = talks.map(({ id }) => id);
    await soon(() => newChats.idsOf(ids).sort(), 30_000).toEqual(ids.map((id) => `${id}/1/case_opened`).sort());
    expect(deployment.logs).not.toMatch(/"level":"fatal"/);
  });
});
