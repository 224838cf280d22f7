import type { Clock } from './clock.js';

/**
 * The few words of SQL that the engines spell differently. Times are whole microseconds since 1970 UTC in BIGINT
 * columns: the same in every engine, free of session time zones, exact in a JavaScript number until 2255.
 */
export interface Dialect {
  readonly name: 'mysql' | 'sqlite';
  /** An expression for database time in microseconds since 1970 UTC, moved by the clock's offset. */
  now(clock: Clock): string;
  /** Appended to a SELECT by primary key: takes the rows' locks until the transaction ends. */
  readonly forUpdate: string;
  /** Placed behind a table's name: makes the engine read it in primary key order. */
  readonly byPrimaryKey: string;
  /** The clause between VALUES and the assignments of an upsert; `keys` are the conflicting columns. */
  onConflict(keys: readonly string[]): string;
  /** The value an upsert would have inserted into `column`. */
  inserted(column: string): string;
  /** True for a unique or primary key violation. */
  isDuplicateKey(error: unknown): boolean;
  /** True when the transaction is known or feared to be lost for reasons that pass: running it again is the cure. */
  isTransient(error: unknown): boolean;
  /** True when the server itself refused the statement, so that its connection can be used further. */
  leavesConnectionUsable(error: unknown): boolean;
}
