import { setTimeout as wait } from 'node:timers/promises';
import mysql from 'mysql2';
import { DataSource, type DataSourceOptions, type EntityManager, type QueryRunner } from 'typeorm';
import { newId } from '../../conversation/new-id.js';
import { mysqlServers } from '../../several-servers.js';
import { Clock } from '../clock.js';
import { Database } from '../database.js';
import { releaseLease, takeLease } from '../lease.js';
import { leaseTable } from '../migrations/first-schema.js';
import { migrations } from '../migrations/migrations.js';
import { mysqlDialect } from './mysql-dialect.js';
import { giveUpConnection, serverPool } from './server-pool.js';

/** A connection that says nothing for this long is closed by the server, so that a vanished replica's locks end. */
const IDLE_SECONDS = 15;

/**
 * What every connection of the chat starts with: READ COMMITTED, so that a statement sees all that is committed and
 * locks only rows it finds; short waits, so that neither a stuck neighbour nor a vanished replica holds a conversation.
 */
const SESSION_START = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION innodb_lock_wait_timeout = 3, wait_timeout = ${IDLE_SECONDS}, time_zone = '+00:00'`,
];

/**
 * On a Galera node a read waits for what the others have committed before it: else it would not yet find a conversation
 * or a session that another replica has just made. MySQL does not know the setting, a single MariaDB has nobody to wait
 * for.
 */
const CAUSAL_READS = ['SET SESSION wsrep_sync_wait = 1'];

const MIGRATION_LEASE = 'migrations';
/** A replica that dies while it changes the tables holds the others up for so long. */
const MIGRATION_LEASE_SECONDS = 20;

/** The longest a single statement may take, in milliseconds; its connection is then given up. */
const STATEMENT_TIMEOUT = 5_000;

/** `url` may name several hosts: see `mysqlServers`. */
export function mysqlOptions(url: string): DataSourceOptions {
  const servers = mysqlServers(url);
  const start = { statements: SESSION_START, optional: CAUSAL_READS, writes: true, timeout: STATEMENT_TIMEOUT };
  return {
    type: 'mysql',
    // Account and schema; where connections go is the pool's to say.
    url: servers[0],
    driver: { ...mysql, createPool: (options: mysql.PoolOptions) => serverPool(servers, options, start) },
    charset: 'utf8mb4',
    timezone: 'Z',
    // Times are the only BIGINT columns of this schema: exact in a number.
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: servers.length > 1 ? 2_000 : 5_000,
    enableQueryTimeout: true,
    maxQueryExecutionTime: STATEMENT_TIMEOUT,
    // The default logger prints slow statements with their parameters, which are people's messages.
    logger: 'debug',
    migrations,
    // Connections idle for 8 s are closed here, before wait_timeout closes them there.
    extra: { connectionLimit: 12, maxIdle: 4, idleTimeout: 8_000, enableKeepAlive: true },
  };
}

/** The chat's schema on MySQL 8 or MariaDB 10.11, shared by all replicas. */
export class MysqlDatabase extends Database {
  readonly dialect = mysqlDialect;

  constructor(private readonly dataSource: DataSource) {
    super();
  }

  get reader(): EntityManager {
    return this.dataSource.manager;
  }

  async write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await this.abandon(runner, error);
      throw error;
    } finally {
      await runner.release();
    }
  }

  close(): Promise<void> {
    return this.dataSource.destroy();
  }

  protected override async select<Row>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await runner.manager.query<Row[]>(sql, [...params]);
    } catch (error) {
      // A statement that timed out still runs on its connection: the next one must not queue behind it.
      if (!this.dialect.leavesConnectionUsable(error)) await this.giveUp(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Rolls back where the server still answers; else the connection goes, so that its transaction ends with it. */
  private async abandon(runner: QueryRunner, error: unknown): Promise<void> {
    if (this.dialect.leavesConnectionUsable(error)) {
      try {
        await runner.rollbackTransaction();
        return;
      } catch {
        // The connection is of no use any more.
      }
    }
    await this.giveUp(runner);
  }

  private async giveUp(runner: QueryRunner): Promise<void> {
    try {
      const connection = (await runner.connect()) as mysql.PoolConnection;
      giveUpConnection(connection);
    } catch {
      // There is none: the pool could not connect.
    }
  }
}

/**
 * Creates and changes the tables, one replica at a time; the others wait up to a minute for it. By a lease and not by
 * GET_LOCK, which holds on one node of a cluster only.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const database = new MysqlDatabase(dataSource);
  const holder = newId();
  const take = (): Promise<boolean> =>
    takeLease(database, new Clock(), MIGRATION_LEASE, holder, MIGRATION_LEASE_SECONDS);
  await database.answered(() => dataSource.query(leaseTable('mysql')));
  const deadline = performance.now() + 60_000;
  while (!(await take())) {
    if (performance.now() > deadline) {
      throw new Error('Another replica has been changing the tables for over a minute; see its log, then start again.');
    }
    await wait(100);
  }
  // A change that takes long keeps the lease; a lost one lets the statement that follows fail in the database itself.
  const renewal = setInterval(() => void take().catch(() => undefined), MIGRATION_LEASE_SECONDS * 250);
  try {
    await dataSource.runMigrations({ transaction: 'none' });
  } finally {
    clearInterval(renewal);
    await releaseLease(database, MIGRATION_LEASE, holder);
  }
}

export async function openMysqlDatabase(url: string): Promise<MysqlDatabase> {
  const dataSource = await new DataSource(mysqlOptions(url)).initialize();
  await migrate(dataSource);
  return new MysqlDatabase(dataSource);
}
