import mysql from 'mysql2';
import { DataSource, type DataSourceOptions, type EntityManager, type QueryRunner } from 'typeorm';
import { Database } from '../database.js';
import { migrations } from '../migrations/migrations.js';
import { mysqlDialect } from './mysql-dialect.js';

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

/** The longest a single statement may take, in milliseconds; its connection is then given up. */
const STATEMENT_TIMEOUT = 5_000;

/** mysql2, whose new connections run SESSION_START before anything else. */
const driver = {
  ...mysql,
  createPool(options: mysql.PoolOptions): mysql.Pool {
    const pool = mysql.createPool(options);
    pool.on('connection', (connection) => {
      for (const statement of SESSION_START) {
        connection.query({ sql: statement, timeout: STATEMENT_TIMEOUT }, (error) => {
          if (error) connection.destroy();
        });
      }
    });
    return pool;
  },
};

export function mysqlOptions(url: string): DataSourceOptions {
  return {
    type: 'mysql',
    url,
    driver,
    charset: 'utf8mb4',
    timezone: 'Z',
    // Times are the only BIGINT columns of this schema: exact in a number.
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: 5_000,
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
      connection.destroy();
    } catch {
      // There is none: the pool could not connect.
    }
  }
}

/** Creates and changes the tables, one replica at a time; the others wait up to a minute for it. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    // This connection only holds the lock while another one works.
    await runner.query('SET SESSION wait_timeout = 3600');
    const [lock] = (await runner.query(
      "SELECT GET_LOCK(CONCAT('energy-chat-migrations-', MD5(DATABASE())), 60) AS held",
    )) as {
      held: number | null;
    }[];
    if (lock?.held !== 1) {
      throw new Error('Another replica has been changing the tables for over a minute; see its log, then start again.');
    }
    await dataSource.runMigrations({ transaction: 'none' });
    await runner.query("DO RELEASE_LOCK(CONCAT('energy-chat-migrations-', MD5(DATABASE())))");
    await runner.query(`SET SESSION wait_timeout = ${IDLE_SECONDS}`);
  } finally {
    await runner.release();
  }
}

export async function openMysqlDatabase(url: string): Promise<MysqlDatabase> {
  const dataSource = await new DataSource(mysqlOptions(url)).initialize();
  await migrate(dataSource);
  return new MysqlDatabase(dataSource);
}
