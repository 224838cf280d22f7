import type { Dialect } from '../dialect.js';

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('driverError' in error) return codeOf(error.driverError);
  return undefined;
}

/** SQLite: one writing connection, so nothing needs a lock and the transaction queue decides the order. */
export const embeddedDialect: Dialect = {
  name: 'sqlite',
  now: (clock) => `(CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) * 1000 + ${clock.offsetMicros})`,
  forUpdate: '',
  byPrimaryKey: '',
  onConflict: (keys) => `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET`,
  inserted: (column) => `excluded.${column}`,
  isDuplicateKey: (error) => ['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE'].includes(codeOf(error) ?? ''),
  isTransient: (error) => ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_BUSY_SNAPSHOT'].includes(codeOf(error) ?? ''),
  leavesConnectionUsable: () => true,
};
