import mysql from 'mysql2';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { ChatError } from '../chat-error.js';
import type { Warn } from '../identity/warn.js';
import { mysqlServers } from '../several-servers.js';
import { mysqlDialect } from './mysql/mysql-dialect.js';
import { giveUpConnection, serverPool } from './mysql/server-pool.js';

/** A row by lower-case column name, whatever case the operator's SELECT gives it. */
export type PlatformRow = Readonly<Record<string, unknown>>;

/** The longest a SELECT on the platform may take with its connection, in milliseconds. */
const STATEMENT_TIMEOUT = 5_000;
/** The longest anybody waits for an answer, with the wait for one of the few connections, in milliseconds. */
const LONGEST_WAIT = 6_000;

/**
 * The platform's schema on MySQL 8 or MariaDB, through a small pool of its own whose connections are read-only beside
 * the account's rights. `url` may name several hosts: see `mysqlServers`.
 */
export function mysqlPlatform(url: string, timeout = STATEMENT_TIMEOUT): DataSourceOptions {
  const servers = mysqlServers(url);
  const start = {
    statements: ['SET SESSION TRANSACTION READ ONLY'],
    // Of the two limits each engine knows one.
    optional: [`SET SESSION max_statement_time = ${timeout / 1000}`, `SET SESSION max_execution_time = ${timeout}`],
    writes: false,
    timeout,
  };
  return {
    type: 'mysql',
    url: servers[0],
    driver: { ...mysql, createPool: (options: mysql.PoolOptions) => serverPool(servers, options, start) },
    charset: 'utf8mb4',
    // Ids and dates arrive as the text the database has: a number or a Date could not hold all of them.
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    connectTimeout: timeout,
    enableQueryTimeout: true,
    maxQueryExecutionTime: timeout,
    // The default logger prints slow statements with their parameters, which are people's logins.
    logger: 'debug',
    extra: { connectionLimit: 4, maxIdle: 1, idleTimeout: 30_000, enableKeepAlive: true },
  };
}

/** The demo platform's file, opened read-only. Whole numbers arrive as bigint, so that none is rounded. */
export function embeddedPlatform(file: string): DataSourceOptions {
  return {
    type: 'better-sqlite3',
    database: file,
    readonly: true,
    fileMustExist: true,
    prepareDatabase: (database: { defaultSafeIntegers(on: boolean): void }) => database.defaultSafeIntegers(true),
  };
}

/**
 * The platform's own database, which the chat only ever reads. It opens with the first SELECT, and again with the next
 * one after a failure, so the service outlives the platform's absence.
 */
export class PlatformDatabase {
  private opening: Promise<DataSource> | undefined;

  constructor(
    private readonly options: DataSourceOptions,
    private readonly warn: Warn,
    private readonly longestWait = LONGEST_WAIT,
  ) {}

  /**
   * Binds `value` to every `?` of the SELECT. Throws PLATFORM_UNAVAILABLE, with the driver's error as its cause, for
   * whatever goes wrong; the log gets the driver's code and words.
   */
  async select(sql: string, value: string): Promise<PlatformRow[]> {
    try {
      const parameters = Array<string>((sql.match(/\?/g) ?? []).length).fill(value);
      const answer = this.open().then((source) => this.query(source, sql, parameters));
      const rows = await within(this.longestWait, answer);
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, cell]) => [column.toLowerCase(), cell])),
      );
    } catch (error) {
      const cause = driverErrorOf(error);
      this.warn("The platform's database cannot answer.", { code: cause.code, error: cause.message });
      throw new ChatError('unavailable', 'PLATFORM_UNAVAILABLE', 'Sign-in is not available now. Try again soon.', {
        cause,
      });
    }
  }

  /** Called by Nest at the end. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    const opening = this.opening;
    this.opening = undefined;
    await opening?.then((source) => source.destroy());
  }

  private open(): Promise<DataSource> {
    if (this.opening === undefined) {
      const opening = new DataSource(this.options).initialize();
      this.opening = opening;
      opening.catch(() => {
        if (this.opening === opening) this.opening = undefined;
      });
    }
    return this.opening;
  }

  private async query(source: DataSource, sql: string, parameters: string[]): Promise<Record<string, unknown>[]> {
    if (source.options.type !== 'mysql') return source.query<Record<string, unknown>[]>(sql, parameters);
    const runner = source.createQueryRunner();
    try {
      return await runner.manager.query<Record<string, unknown>[]>(sql, parameters);
    } catch (error) {
      // A statement that timed out still runs on its connection: the next one must not queue behind it.
      if (!mysqlDialect.leavesConnectionUsable(error)) await this.giveUp(runner);
      throw error;
    } finally {
      await runner.release();
    }
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

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}

/** What the driver said, without TypeORM's wrapping, which holds the parameters. */
function driverErrorOf(error: unknown): { code?: unknown; message?: unknown } {
  if (typeof error !== 'object' || error === null) return {};
  return 'driverError' in error ? driverErrorOf(error.driverError) : error;
}
