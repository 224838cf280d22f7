import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { Database } from '../database.js';
import { migrations } from '../migrations/migrations.js';
import { embeddedDialect } from './embedded-dialect.js';

/** SQLite in `directory`: `writer` owns the one connection that writes, `reader` sees only what it has committed. */
export function embeddedOptions(directory: string, role: 'writer' | 'reader'): DataSourceOptions {
  const database = join(directory, 'chat.sqlite');
  return role === 'writer'
    ? { type: 'better-sqlite3', database, enableWAL: true, migrations }
    : { type: 'better-sqlite3', database, readonly: true, fileMustExist: true };
}

/**
 * The chat's database in one file: for a small deployment of one process. One queue holds the writing connection from
 * BEGIN to COMMIT, whatever table is written; readers use a connection of their own.
 */
export class EmbeddedDatabase extends Database {
  readonly dialect = embeddedDialect;
  private lastWrite: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly writer: DataSource,
    private readonly readerSource: DataSource,
  ) {
    super();
  }

  get reader(): EntityManager {
    return this.readerSource.manager;
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    // One turn of the event loop first: the driver is synchronous, so else nothing could gather behind a transaction.
    const result = this.lastWrite.then(turn).then(() => this.writer.transaction(work));
    this.lastWrite = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.lastWrite;
    await this.readerSource.destroy();
    await this.writer.destroy();
  }
}

/** Opens the file, brings its tables up to date and answers the database. */
export async function openEmbeddedDatabase(directory: string): Promise<EmbeddedDatabase> {
  const writer = await new DataSource(embeddedOptions(directory, 'writer')).initialize();
  await writer.runMigrations();
  const reader = await new DataSource(embeddedOptions(directory, 'reader')).initialize();
  return new EmbeddedDatabase(writer, reader);
}
