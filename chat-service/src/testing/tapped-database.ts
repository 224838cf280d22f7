import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';

/** A statement of a transaction before it runs, or what `write` does itself. */
export type Step = string;
export const COMMIT: Step = 'COMMIT';
/** The COMMIT has succeeded, and nobody knows yet. */
export const COMMITTED: Step = 'COMMITTED';

export interface Query {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** A database whose statements a test counts, holds back or makes fail. */
export class TappedDatabase extends Database {
  /** Of all transactions, in order. */
  readonly steps: Step[] = [];
  /** Of the reader, in order. */
  readonly reads: Query[] = [];
  /** Of all transactions, in order. */
  readonly writes: Query[] = [];
  /** Runs before each step; the step fails with what it throws. `manager` is of the same transaction. */
  on: (step: Step, manager: EntityManager) => void | Promise<void> = () => undefined;

  constructor(private readonly inner: Database) {
    super();
  }

  get dialect(): Database['dialect'] {
    return this.inner.dialect;
  }

  get reader(): EntityManager {
    return tapped(this.inner.reader, (query) => void this.reads.push(query));
  }

  async write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const [result, manager] = await this.inner.write(async (transaction) => {
      const written = await work(
        tapped(transaction, (query) => {
          this.writes.push(query);
          return this.step(query.sql, transaction);
        }),
      );
      await this.step(COMMIT, transaction);
      return [written, transaction] as const;
    });
    await this.step(COMMITTED, manager);
    return result;
  }

  private async step(step: Step, manager: EntityManager): Promise<void> {
    this.steps.push(step);
    await this.on(step, manager);
  }
}

function tapped(manager: EntityManager, tap: (query: Query) => void | Promise<void>): EntityManager {
  return new Proxy(manager, {
    get(target, key) {
      if (key !== 'query') return Reflect.get(target, key) as unknown;
      return async (sql: string, params: unknown[] = []): Promise<unknown> => {
        await tap({ sql, params });
        return target.query(sql, params);
      };
    },
  });
}

/** As the engine's driver would throw it when a transaction is lost: `connection` with its connection, or without. */
export function lostTransaction(database: Database, how: 'deadlock' | 'connection' = 'deadlock'): Error {
  if (database.dialect.name === 'sqlite') return Object.assign(new Error('planted'), { code: 'SQLITE_BUSY' });
  return how === 'deadlock'
    ? Object.assign(new Error('planted'), { code: 'ER_LOCK_DEADLOCK', sqlState: '40001' })
    : Object.assign(new Error('planted'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true });
}
