import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import type { Dialect } from '../database/dialect.js';
import { openEmbeddedDatabase } from '../database/embedded/embedded-database.js';
import { openMysqlDatabase } from '../database/mysql/mysql-database.js';
import { SqlPresence } from '../database/sql-presence.js';
import type { PresenceUnderTest } from '../live/presence.contract.js';
import { emptyMysqlDatabase } from './test-server.js';

const FRESH_FOR_SECONDS = 50;

/** Presence in a SQLite file of its own; both replicas are of one process. */
export async function presenceOnSqlite(): Promise<PresenceUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'energy-chat-presence-'));
  const database = await openEmbeddedDatabase(directory);
  return underTest([database, database], async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });
}

/** Presence in a schema of its own on the MySQL test server; each replica has connections of its own. */
export async function presenceOnMysql(): Promise<PresenceUnderTest> {
  const { url, drop } = await emptyMysqlDatabase();
  const one = await openMysqlDatabase(url);
  const two = await openMysqlDatabase(url);
  return underTest([one, two], async () => {
    await Promise.all([one.close(), two.close()]);
    await drop();
  });
}

function underTest([one, two]: readonly [Database, Database], close: () => Promise<void>): PresenceUnderTest {
  const clock = new Clock();
  const counted = new CountedDatabase(one);
  return {
    replicas: [
      new SqlPresence(counted, clock, 'replica-1', FRESH_FOR_SECONDS),
      new SqlPresence(two, clock, 'replica-2', FRESH_FOR_SECONDS),
    ],
    advance: (seconds) => clock.advance(seconds * 1_000),
    storedRows: async () => (await one.reader.query<unknown[]>('SELECT person_id FROM watch_presence')).length,
    statementsDuring: async (work) => {
      counted.statements = 0;
      await work();
      return counted.statements;
    },
    close,
  };
}

/** A database that counts the statements it is given. */
class CountedDatabase extends Database {
  readonly dialect: Dialect;
  statements = 0;

  constructor(private readonly database: Database) {
    super();
    this.dialect = database.dialect;
  }

  get reader(): EntityManager {
    return this.counted(this.database.reader);
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.write((manager) => work(this.counted(manager)));
  }

  private counted(manager: EntityManager): EntityManager {
    return new Proxy(manager, {
      get: (target, name, receiver) => {
        if (name === 'query') this.statements += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
  }
}
