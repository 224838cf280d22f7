import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Person } from '../../identity/caller.js';
import { eventually } from '../../testing/eventually.js';
import { replicaOn, type Replica } from '../../testing/log-under-test.js';
import { COMMIT, TappedDatabase } from '../../testing/tapped-database.js';
import { emptyMysqlDatabase, type EmptyDatabase } from '../../testing/test-server.js';
import { alma } from '../../testing/thread.js';
import { Clock } from '../clock.js';
import { migrations } from '../migrations/migrations.js';
import { SqlSessions } from '../sessions.js';
import { type MysqlDatabase, openMysqlDatabase } from './mysql-database.js';

/** What differs where replicas are at different nodes of a cluster: locks hold on one node, and a node may lag. */
describe('the log on two nodes of a Galera cluster', () => {
  let empty: EmptyDatabase;
  let one: MysqlDatabase;
  let two: MysqlDatabase;
  /** By both nodes, the first first. */
  let moving: MysqlDatabase;
  let here: Replica;
  let there: Replica;
  /** Whoever runs the first node, and the second. */
  let first: Connection;
  let second: Connection;

  beforeAll(async () => {
    empty = await emptyMysqlDatabase();
    [one, two] = [await openMysqlDatabase(empty.url), await openMysqlDatabase(empty.otherUrl)];
    const host = new URL(empty.url).host;
    moving = await openMysqlDatabase(empty.url.replace(host, `${host},${new URL(empty.otherUrl).host}`));
    [here, there] = [replicaOn(one), replicaOn(two)];
    [first, second] = [await createConnection(empty.url), await createConnection(empty.otherUrl)];
  });

  afterAll(async () => {
    await Promise.all([first.end(), second.end()]);
    await Promise.all([here.log.close(), there.log.close()]);
    await Promise.all([one.close(), two.close(), moving.close()]);
    await empty.drop();
  });

  /** A replica at the first node whose first COMMIT waits until it is let go. */
  const held = () => {
    const tap = new TappedDatabase(one);
    const reached = Promise.withResolvers<undefined>();
    const go = Promise.withResolvers<undefined>();
    tap.on = async (step) => {
      if (step !== COMMIT) return;
      reached.resolve(undefined);
      await go.promise;
    };
    return { tap, reached: reached.promise, letGo: () => go.resolve(undefined) };
  };
  const commits = ({ steps }: TappedDatabase): number => steps.filter((step) => step === COMMIT).length;

  it('makes the tables once, though replicas start at both nodes at once', async () => {
    const fresh = await emptyMysqlDatabase();
    const urls = [fresh.url, fresh.otherUrl, fresh.url, fresh.otherUrl];
    const opened = await Promise.all(urls.map(openMysqlDatabase));
    const counts = await Promise.all(opened.map((database) => database.read('SELECT name FROM migrations')));
    expect(counts).toEqual(counts.map(() => migrations.map(({ name }) => ({ name }))));
    await Promise.all(opened.map((database) => database.close()));
    await fresh.drop();
  });

  it('runs a batch again whose COMMIT loses to another node’s, and the seq goes on without a gap', async () => {
    const { tap, reached, letGo } = held();
    const { client, id } = await here.desk.newClient();
    const slow = replicaOn(tap).desk.send(client, id, 'slow', 'once');
    await reached;
    const quick = await there.desk.send(client, id, 'quick', 'other');
    letGo();
    expect([quick.seq, (await slow).seq]).toEqual([2, 3]);
    expect(commits(tap)).toBe(2);
    const entries = await there.desk.entries(id);
    expect(entries.map(({ seq, content }) => [seq, content.kind])).toEqual([
      [1, 'case_opened'],
      [2, 'message'],
      [3, 'message'],
    ]);
  });

  it('finds one request at both nodes at once to be one', async () => {
    const { tap, reached, letGo } = held();
    const { client, id } = await here.desk.newClient();
    const slow = replicaOn(tap).desk.send(client, id, 'hello', 'once');
    await reached;
    const quick = await there.desk.send(client, id, 'hello', 'once');
    letGo();
    expect(await slow).toEqual(quick);
    expect(await there.desk.entries(id)).toHaveLength(2);
  });

  it('lets one of two administrators win who answer at both nodes at once', async () => {
    const { tap, reached, letGo } = held();
    const { client, id } = await here.desk.newClient();
    const bela: Person = { ...alma, id: 'bela', login: 'bela', displayName: 'Bela' };
    await here.desk.send(client, id, 'hello', 'once');
    const slow = replicaOn(tap).desk.send(bela, id, 'I take it');
    await reached;
    await there.desk.send(alma, id, 'It is mine');
    letGo();
    await expect(slow).rejects.toMatchObject({ kind: 'aborted', reason: 'CASE_TAKEN' });
  });

  it('never takes a session back that moved on at another node', async () => {
    const { tap, reached, letGo } = held();
    const [slow, quick] = [new SqlSessions(tap, new Clock()), new SqlSessions(two, new Clock())];
    const person = { id: '4', login: 'client1', displayName: 'client1', role: 'client' as const };
    await quick.begin({ id: 'session-1', person, audience: 'client', refreshHash: '0', userAgent: '' });
    const rotate = (sessions: SqlSessions) =>
      sessions.rotate({ sessionId: 'session-1', person, presentedHash: '0', successorHash: '1' });
    const slowly = rotate(slow);
    await reached;
    expect(await rotate(quick)).toBe(1);
    letGo();
    expect(await slowly).toBe(1);
    expect(commits(tap)).toBe(2);
    expect(await quick.accessSeen('session-1', 1)).toBe('live');
  });

  it('neither reads nor decides at a node that lags before that has caught up', async () => {
    const { client, id } = await here.desk.newClient();
    // It takes nothing from the others until it is unlocked.
    await second.query('FLUSH TABLES WITH READ LOCK');
    let entries: Promise<unknown[]>;
    let sent: Promise<{ readonly seq: number }>;
    try {
      await here.desk.send(client, id, 'hello', 'once');
      const fresh = await here.desk.newClient();
      let answered = 0;
      entries = there.desk.entries(id).finally(() => (answered += 1));
      // Not there yet: a decision without waiting would be that there is no such conversation.
      sent = there.desk.send(fresh.client, fresh.id, 'hello').finally(() => (answered += 1));
      sent.catch(() => undefined);
      await eventually('both wait, or were answered', async () => {
        const [rows] = await second.query<RowDataPacket[]>(
          "SELECT 1 FROM information_schema.processlist WHERE db = ? AND command = 'Query' AND info IS NOT NULL",
          [new URL(empty.url).pathname.slice(1)],
        );
        return answered + rows.length >= 2;
      });
    } finally {
      await second.query('UNLOCK TABLES');
    }
    expect(await entries).toHaveLength(2);
    expect((await sent).seq).toBe(2);
  });

  it('leaves a node that has lost the others, and comes back to it when that is one of them again', async () => {
    const replica = replicaOn(moving);
    const nodeOf = async () => {
      const [row] = await moving.read<{ node: string }>('SELECT @@wsrep_node_name AS node');
      return row?.node;
    };
    const { client, id } = await replica.desk.newClient();
    expect(await nodeOf()).toBe('one');
    await first.query("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 1'");
    try {
      await eventually(
        'it refuses (1047)',
        async () => {
          return first.query('SELECT 1 FROM mysql.user').then(
            () => false,
            (error: unknown) => error instanceof Error && 'errno' in error && error.errno === 1047,
          );
        },
        30_000,
      );
      await replica.desk.send(client, id, 'hello', 'once');
      expect(await nodeOf()).toBe('two');
    } finally {
      await first.query("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 0'");
    }
    await eventually('the first node is used again', async () => (await nodeOf()) === 'one', 30_000);
    expect(await replica.desk.entries(id)).toHaveLength(2);
    await replica.log.close();
  }, 90_000);
});
