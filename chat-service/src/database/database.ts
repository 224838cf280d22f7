import { setTimeout as wait } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { ChatError } from '../chat-error.js';
import type { Dialect } from './dialect.js';

/** How often what was lost for a passing reason is run, in all. */
const TRIES = 5;

/** When a caller is told that the database is away, in milliseconds, be it refusing or silent. */
const PATIENCE = 7_000;

/**
 * The chat's own database.
 *
 * `reader` sees committed rows only. `write` runs `work` in one READ COMMITTED transaction and commits it; when `work`
 * or the commit fails nothing of it stays and the error is thrown on. On SQLite writes queue for the one writing
 * connection, so `work` must not wait for anything but its own statements, and never calls `write` again.
 * SQL has `?` placeholders and is what MySQL 8, MariaDB 10.11 and SQLite all read; what differs is in `dialect`.
 */
export abstract class Database {
  abstract readonly dialect: Dialect;
  abstract readonly reader: EntityManager;
  abstract write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;

  /** The committed rows of one SELECT. DATABASE_UNAVAILABLE as `answered`. */
  read<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.answered(() => this.select<Row>(sql, params));
  }

  /**
   * Runs what is safe to repeat, again after each loss that passes: up to five tries. Throws DATABASE_UNAVAILABLE when
   * none was answered within 7 s (what still runs may yet happen), and any other error at once.
   */
  async answered<T>(work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE;
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable(new Error(`No answer within ${PATIENCE} ms`))), PATIENCE);
    });
    try {
      return await Promise.race([this.tried(work, deadline), silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** `write` for what is safe to repeat, as `answered`: also after a COMMIT that lost to another node's, or is in doubt. */
  writeRepeatably<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.answered(() => this.write(work));
  }

  private async tried<T>(work: () => Promise<T>, deadline: number): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (!this.dialect.isTransient(error)) throw error;
        if (tries === TRIES || performance.now() > deadline) throw unavailable(error);
        await wait(Math.random() * 25 * 2 ** tries);
      }
    }
  }

  /** One SELECT, once. */
  protected select<Row>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.reader.query<Row[]>(sql, [...params]);
  }
}

function unavailable(cause: unknown): ChatError {
  const text = 'The chat is not available now. Try again soon.';
  return new ChatError('unavailable', 'DATABASE_UNAVAILABLE', text, { cause, retryAfterMs: 1_000 });
}
