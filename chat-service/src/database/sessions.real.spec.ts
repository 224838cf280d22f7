import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { sessionsContract } from '../identity/sessions.contract.js';
import { eventually } from '../testing/eventually.js';
import { emptyMysqlDatabase } from '../testing/test-server.js';
import { Clock } from './clock.js';
import { Database } from './database.js';
import { type MysqlDatabase, openMysqlDatabase } from './mysql/mysql-database.js';
import { SqlSessions } from './sessions.js';

/** `where` on a cluster: the locks of one server are its own. */
async function twoReplicas(where: 'on two nodes' | 'on one node') {
  const { url, otherUrl, drop } = await emptyMysqlDatabase();
  const one = await openMysqlDatabase(url);
  const two = await openMysqlDatabase(where === 'on one node' ? url : otherUrl);
  const close = async (): Promise<void> => {
    await Promise.all([one.close(), two.close()]);
    await drop();
  };
  return { one, two, close };
}

sessionsContract(async () => {
  const { one, two, close } = await twoReplicas('on two nodes');
  const clock = new Clock();
  return { replicas: [new SqlSessions(one, clock), new SqlSessions(two, clock)], clock, close };
});

/** Its transactions stop after their first statement until they are let go. */
class HeldDatabase extends Database {
  readonly dialect;
  readonly reader;
  readonly reached = Promise.withResolvers<void>();
  readonly go = Promise.withResolvers<void>();

  constructor(private readonly database: MysqlDatabase) {
    super();
    this.dialect = database.dialect;
    this.reader = database.reader;
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.write((manager) => {
      const query = manager.query.bind(manager);
      manager.query = async <R>(sql: string, parameters?: unknown[]): Promise<R> => {
        const rows = await query<R>(sql, parameters);
        this.reached.resolve();
        await this.go.promise;
        return rows;
      };
      return work(manager);
    });
  }
}

describe('a slow replica', () => {
  let replicas: Awaited<ReturnType<typeof twoReplicas>>;
  beforeAll(async () => {
    replicas = await twoReplicas('on one node');
  });
  afterAll(() => replicas.close());

  it('never takes a session back to where the others have left', async () => {
    const { one, two } = replicas;
    const held = new HeldDatabase(one);
    const [slow, quick] = [new SqlSessions(held, new Clock()), new SqlSessions(two, new Clock())];
    const person = { id: '4', login: 'client1', displayName: 'client1', role: 'client' as const };
    await quick.begin({ id: 'session-1', person, audience: 'client', refreshHash: '0', userAgent: '' });
    const rotate = (sessions: SqlSessions, from: number) =>
      sessions.rotate({ sessionId: 'session-1', person, presentedHash: `${from}`, successorHash: `${from + 1}` });

    const slowly = rotate(slow, 0);
    await held.reached.promise;
    let isOver = false;
    const quickly = rotate(quick, 0)
      .then(() => rotate(quick, 1))
      .finally(() => (isOver = true));
    await eventually('the quick replica waits for the lock, or got through', async () => {
      // InnoDB shows this table as it was while it is read more often than every 100 ms.
      await delay(120);
      const waiting = await two.reader.query<unknown[]>(
        "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%session-1%'",
      );
      return isOver || waiting.length > 0;
    });
    held.go.resolve();
    expect(await slowly).toBe(1);
    expect(await quickly).toBe(2);
    expect(await rotate(quick, 2)).toBe(3);
  });
});
