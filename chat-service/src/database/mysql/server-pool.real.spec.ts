import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { emptyMysqlDatabase, type EmptyDatabase } from '../../testing/test-server.js';
import { type MysqlDatabase, openMysqlDatabase } from './mysql-database.js';

/** `mysql://…@one,two/chat` of two ways to the same schema. */
function both(one: string, two: string): string {
  return one.replace(new URL(one).host, `${new URL(one).host},${new URL(two).host}`);
}

describe('a database by several hosts', () => {
  let empty: EmptyDatabase;
  let one: TcpProxy;
  let two: TcpProxy;
  let database: MysqlDatabase | undefined;

  beforeEach(async () => {
    empty = await emptyMysqlDatabase();
    one = await TcpProxy.before(empty.url);
    two = await TcpProxy.before(empty.otherUrl);
  });

  afterEach(async () => {
    await database?.close();
    database = undefined;
    await Promise.all([one.refuse(), two.refuse()]);
    await empty.drop();
  });

  const open = async (): Promise<MysqlDatabase> => {
    database = await openMysqlDatabase(both(one.url(empty.url), two.url(empty.otherUrl)));
    return database;
  };

  it('uses the first while it answers, and the next when it is away, without a failed call', async () => {
    const opened = await open();
    expect(await opened.read('SELECT 1 AS answer')).toEqual([{ answer: 1 }]);
    expect([one.connections > 0, two.connections]).toEqual([true, 0]);
    await one.refuse();
    const answers = await Promise.all(Array.from({ length: 8 }, () => opened.read('SELECT 1 AS answer')));
    expect(answers).toHaveLength(8);
    expect(two.connections).toBeGreaterThan(0);
  });

  it('opens by the second when the first is away', async () => {
    await one.refuse();
    expect(await (await open()).read('SELECT 1 AS answer')).toEqual([{ answer: 1 }]);
  });

  it('leaves a host that has fallen silent, with every connection to it, after one statement that did not end', async () => {
    const opened = await open();
    // Once: no second try hides a connection that should not be used any more.
    const once = () => opened.write((manager) => manager.query('SELECT 1'));
    await Promise.all(Array.from({ length: 4 }, once));
    expect(one.connections).toBe(4);
    one.pause();
    await expect(once()).rejects.toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
    const after = await Promise.all(Array.from({ length: 8 }, once));
    expect(after).toHaveLength(8);
    expect(two.connections).toBeGreaterThan(0);
    one.resume();
  });

  it('is used again from the first host on when that is back', async () => {
    const opened = await open();
    await one.refuse();
    await opened.read('SELECT 1');
    await two.refuse();
    await one.restore();
    await eventually('the first host answers', async () => {
      await opened.read('SELECT 1');
      return one.connections > 0;
    });
  });

  it('fails at once, with what the server said, when no host knows the account', async () => {
    const wrong = new URL(one.url(empty.url));
    wrong.password = 'not-the-one';
    await expect(openMysqlDatabase(both(wrong.href, two.url(empty.otherUrl)))).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
    });
  });
});
