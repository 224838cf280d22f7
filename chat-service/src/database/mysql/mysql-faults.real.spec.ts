import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection } from 'mysql2/promise';
import type { EntityManager } from 'typeorm';
import type { Person } from '../../identity/caller.js';
import { eventually } from '../../testing/eventually.js';
import { logOnMysql, replicaOn, type LogDatabases, type Replica } from '../../testing/log-under-test.js';
import { COMMIT, COMMITTED, TappedDatabase, type Step } from '../../testing/tapped-database.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { alma } from '../../testing/thread.js';
import { laneLimits } from '../lane.js';
import { openMysqlDatabase } from './mysql-database.js';

/** Takes the rows of conversations as another replica would, and keeps them. */
const LOCK = 'SELECT id FROM conversation WHERE id = ? FOR UPDATE';

describe('the log on a MySQL that loses transactions', () => {
  let databases: LogDatabases & { readonly url: string };
  let there: Replica;
  /** Somebody else on the same server. */
  let other: Connection;

  beforeAll(async () => {
    databases = await logOnMysql();
    there = replicaOn(databases.replicas[1]);
    other = await createConnection(databases.url);
    await other.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  });
  afterEach(() => other.rollback());
  afterAll(async () => {
    await other.end();
    await there.log.close();
    await databases.close();
  });

  const tapped = (): { tap: TappedDatabase; replica: Replica } => {
    const tap = new TappedDatabase(databases.replicas[0]);
    return { tap, replica: replicaOn(tap, { lanes: 1 }) };
  };
  const expectOneMessage = async (client: Person, id: string, answer: unknown): Promise<void> => {
    const entries = await there.desk.entries(id);
    expect(entries.map(({ content }) => content.kind)).toEqual(['case_opened', 'message']);
    expect(answer).toEqual(entries[1]);
    expect(await there.desk.send(client, id, 'late repeat', 'once')).toEqual(entries[1]);
  };
  const connectionId = async (manager: EntityManager): Promise<number> => {
    const [row] = await manager.query<{ id: number | string }[]>('SELECT CONNECTION_ID() AS id');
    return Number(row?.id);
  };
  /** Until a batch of this schema waits for rows that `other` holds: seen three times, it is not just passing. */
  const somebodyWaits = () => {
    let seen = 0;
    return eventually('a batch waits for rows', async () => {
      const [rows] = await other.query(
        `SELECT 1 FROM information_schema.processlist
         WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '%FOR UPDATE%'`,
      );
      seen = Array.isArray(rows) && rows.length > 0 ? seen + 1 : 0;
      return seen === 3;
    });
  };
  const lockings = ({ steps }: TappedDatabase): number => steps.filter((step) => step.includes('FOR UPDATE')).length;

  it('waits for a row that another replica holds: no answer and nothing to see until it lets go', async () => {
    const { replica } = tapped();
    const { client, id } = await there.desk.newClient();
    await other.beginTransaction();
    await other.query(LOCK, [id]);
    let answered = false;
    const sent = replica.desk.send(client, id, 'Hello', 'once').finally(() => (answered = true));
    await somebodyWaits();
    expect(answered).toBe(false);
    expect(await there.desk.entries(id)).toEqual([]);
    await other.commit();
    await expectOneMessage(client, id, await sent);
  });

  it('tries again after the server’s lock timeout, and lets other conversations pass meanwhile', async () => {
    const database = await openMysqlDatabase(databases.url);
    const tap = new TappedDatabase(database);
    const replica = replicaOn(tap, { lanes: 1 });
    const [held, free] = [await there.desk.newClient(), await there.desk.newClient()];
    tap.on = async (step, manager) => {
      if (step.includes('FOR UPDATE')) await manager.query('SET SESSION innodb_lock_wait_timeout = 1');
    };
    await other.beginTransaction();
    await other.query(LOCK, [held.id]);
    const before = await there.desk.newClient();
    const [, waits, passes] = [
      replica.desk.send(before.client, before.id),
      replica.desk.send(held.client, held.id, 'Hello', 'once'),
      replica.desk.send(free.client, free.id, 'Hello', 'once'),
    ];
    await expectOneMessage(free.client, free.id, await passes);
    expect(await there.desk.entries(held.id)).toEqual([]);
    await other.commit();
    await expectOneMessage(held.client, held.id, await waits);
    expect(lockings(tap)).toBeGreaterThan(2);
    await replica.log.close();
    await database.close();
  });

  it('tries again after a deadlock', async () => {
    const { tap, replica } = tapped();
    const before = await there.desk.newClient();
    const people = [await there.desk.newClient(), await there.desk.newClient()];
    const [low, high] = people.toSorted((one, two) => (one.id < two.id ? -1 : 1));
    if (low === undefined || high === undefined) throw new Error('unreachable');
    await other.beginTransaction();
    // What has written more is not the one that the server ends.
    await other.query("INSERT INTO lease (name, holder, expires_at) SELECT LEFT(id, 32), 'x', 0 FROM conversation");
    await other.query(LOCK, [high.id]);
    const [, ...sent] = [
      replica.desk.send(before.client, before.id),
      ...people.map(({ client, id }) => replica.desk.send(client, id, 'Hello', 'once')),
    ];
    await somebodyWaits();
    await other.query(LOCK, [low.id]);
    await other.rollback();
    const answers = await Promise.all(sent);
    for (const [index, { client, id }] of people.entries()) await expectOneMessage(client, id, answers[index]);
    expect(lockings(tap)).toBeGreaterThan(2);
  });

  describe('when its connection is killed', () => {
    const sendWithKillAt = async (place: number): Promise<TappedDatabase> => {
      const { tap, replica } = tapped();
      const { client, id } = await there.desk.newClient();
      tap.on = async (step: Step, manager: EntityManager) => {
        // After COMMITTED the connection is given back: it is nobody's to kill.
        if (tap.steps.length !== place || step === COMMITTED) return;
        const victim = await connectionId(manager);
        await other.query(`KILL ${victim}`);
        await eventually('the connection is gone', async () => {
          const [rows] = await other.query('SELECT 1 FROM information_schema.processlist WHERE id = ?', [victim]);
          return Array.isArray(rows) && rows.length === 0;
        });
      };
      await expectOneMessage(client, id, await replica.desk.send(client, id, 'Hello', 'once'));
      return tap;
    };

    it('between any two statements, or before its COMMIT, has one effect and one answer', async () => {
      const { steps } = await sendWithKillAt(0);
      expect(steps.slice(-2)).toEqual([COMMIT, COMMITTED]);
      for (let place = 1; place < steps.length; place += 1) {
        expect((await sendWithKillAt(place)).steps.length).toBeGreaterThan(steps.length);
      }
    });

    it('in the middle of a statement has one effect and one answer', async () => {
      const { tap, replica } = tapped();
      const { client, id } = await there.desk.newClient();
      const victim = Promise.withResolvers<number>();
      tap.on = async (step, manager) => {
        if (step.includes('FOR UPDATE')) victim.resolve(await connectionId(manager));
      };
      await other.beginTransaction();
      await other.query(LOCK, [id]);
      const sent = replica.desk.send(client, id, 'Hello', 'once');
      const killed = await victim.promise;
      await somebodyWaits();
      await other.query(`KILL ${killed}`);
      await other.commit();
      await expectOneMessage(client, id, await sent);
      expect(lockings(tap)).toBe(2);
    });

    it('takes its locks along: a lost replica’s conversation goes on elsewhere', async () => {
      const { tap, replica } = tapped();
      // On the same server: locks are its own.
      const neighbour = await openMysqlDatabase(databases.url);
      const { client, id } = await there.desk.newClient();
      const atCommit = Promise.withResolvers<number>();
      const never = Promise.withResolvers<undefined>();
      tap.on = async (step, manager) => {
        if (step !== COMMIT || tap.steps.filter((taken) => taken === COMMIT).length > 1) return;
        atCommit.resolve(await connectionId(manager));
        await never.promise;
      };
      const lost = replica.desk.send(client, id, 'Hello', 'once');
      const victim = await atCommit.promise;
      const elsewhere = replicaOn(neighbour).desk.send(alma, id, 'I am here');
      await somebodyWaits();
      await other.query(`KILL ${victim}`);
      await elsewhere;
      never.resolve(undefined);
      await lost;
      await neighbour.close();
      expect((await there.desk.entries(id)).map(({ content }) => content.kind)).toEqual([
        'case_opened',
        'message',
        'message',
      ]);
    });
  });

  it('has one effect and one answer wherever the line is cut, at every piece that passes either way', async () => {
    const proxy = await TcpProxy.before(databases.url);
    const database = await openMysqlDatabase(proxy.url(databases.url));
    const replica = replicaOn(database, { lanes: 1 });
    /** Sends with a cut after so many pieces, and answers whether there were so many. */
    const sendWithCutAfter = async (pieces: number): Promise<boolean> => {
      const { client, id } = await there.desk.newClient();
      proxy.cutAfter(pieces);
      const answer = await replica.desk.send(client, id, 'Hello', 'once');
      const wasCut = proxy.piecesLeft === Number.POSITIVE_INFINITY;
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      await expectOneMessage(client, id, answer);
      return wasCut;
    };
    await sendWithCutAfter(Number.POSITIVE_INFINITY);
    let pieces = 0;
    while (await sendWithCutAfter(pieces)) pieces += 1;
    // BEGIN, six statements and COMMIT, each with its answer.
    expect(pieces).toBeGreaterThanOrEqual(16);
    await replica.log.close();
    await database.close();
    await proxy.refuse();
  });

  it('gives up a statement that does not end, with its connection, and tries again', async () => {
    const { tap, replica } = tapped();
    const { client, id } = await there.desk.newClient();
    tap.on = async () => {
      if (lockings(tap) === 2) await other.query('UNLOCK TABLES');
    };
    await other.query('LOCK TABLES outbox WRITE');
    await expectOneMessage(client, id, await replica.desk.send(client, id, 'Hello', 'once'));
    expect(lockings(tap)).toBe(2);
  });

  it('says UNAVAILABLE while the server is away, and goes on when it is back', async () => {
    const proxy = await TcpProxy.before(databases.url);
    const database = await openMysqlDatabase(proxy.url(databases.url));
    const impatient = replicaOn(database, { limits: { ...laneLimits, patience: 300 } });
    const replica = replicaOn(database);
    const { client, id } = await there.desk.newClient();
    await proxy.refuse();
    await expect(impatient.desk.send(client, id, 'Hello', 'once')).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'NOT_COMMITTED_IN_TIME',
    });
    await proxy.restore();
    await expectOneMessage(client, id, await replica.desk.send(client, id, 'Hello', 'once'));
    await Promise.all([impatient.log.close(), replica.log.close()]);
    await database.close();
    await proxy.refuse();
  });
});
