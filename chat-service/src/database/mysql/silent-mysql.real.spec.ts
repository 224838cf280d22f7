import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { logOnMysql, type LogDatabases } from '../../testing/log-under-test.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { openMysqlDatabase, type MysqlDatabase } from './mysql-database.js';

/** What a caller of a read waits at most, in milliseconds, with something for a busy machine. */
const TOLD_WITHIN = 9_000;

describe('reads of a MySQL that falls silent', () => {
  let databases: LogDatabases & { readonly url: string };
  let proxy: TcpProxy;
  let database: MysqlDatabase;

  beforeAll(async () => {
    databases = await logOnMysql();
    proxy = await TcpProxy.before(databases.url);
    database = await openMysqlDatabase(proxy.url(databases.url));
  });
  afterAll(async () => {
    await proxy.refuse();
    await database.close();
    await databases.close();
  });

  it('end in time, however many there are, and leave no connection to wait behind', async () => {
    const one = (): Promise<unknown> => database.read('SELECT 1 AS one');
    // All connections of the pool stand and are idle when the line goes silent.
    await Promise.all(Array.from({ length: 12 }, () => database.read('SELECT SLEEP(0.2)')));
    proxy.pause();
    const start = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, one));
    expect(performance.now() - start).toBeLessThan(TOLD_WITHIN);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'DATABASE_UNAVAILABLE' } });
    }
    proxy.abandon();
    const afterwards = await Promise.all(Array.from({ length: 40 }, one));
    expect(afterwards).toEqual(Array.from({ length: 40 }, () => [{ one: 1 }]));
  }, 30_000);
});
