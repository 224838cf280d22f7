import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutboxUnderTest } from '../announcement/outbox.contract.js';
import { Clock } from '../database/clock.js';
import type { Database } from '../database/database.js';
import { openEmbeddedDatabase } from '../database/embedded/embedded-database.js';
import { openMysqlDatabase } from '../database/mysql/mysql-database.js';
import { outboxInsert, SqlOutbox } from '../database/outbox.js';
import { emptyMysqlDatabase } from './test-server.js';

/** The outbox in a SQLite file of its own; both replicas are of one process. */
export async function outboxOnSqlite(): Promise<OutboxUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'energy-chat-outbox-'));
  const database = await openEmbeddedDatabase(directory);
  return underTest([database, database], async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });
}

/** The outbox in a schema of its own on the MySQL test server; each replica has connections of its own. */
export async function outboxOnMysql(): Promise<OutboxUnderTest> {
  const { url, otherUrl, drop } = await emptyMysqlDatabase();
  const one = await openMysqlDatabase(url);
  const two = await openMysqlDatabase(otherUrl);
  return underTest([one, two], async () => {
    await Promise.all([one.close(), two.close()]);
    await drop();
  });
}

function underTest([one, two]: readonly [Database, Database], close: () => Promise<void>): OutboxUnderTest {
  const clock = new Clock();
  return {
    replicas: [new SqlOutbox(one, clock), new SqlOutbox(two, clock)],
    write: async (rows) => {
      const { sql, params } = outboxInsert(rows);
      await one.write((manager) => manager.query(sql, params));
    },
    now: async () => {
      const [row] = await one.reader.query<{ now: number | string }[]>(`SELECT ${one.dialect.now(clock)} AS now`);
      return Number(row?.now);
    },
    advance: (milliseconds) => clock.advance(milliseconds),
    close,
  };
}
