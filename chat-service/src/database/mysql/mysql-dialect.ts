import type { Dialect } from '../dialect.js';

const TRANSIENT = new Set([
  'ER_LOCK_DEADLOCK', // also a certification conflict of a Galera cluster
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_UNKNOWN_COM_ERROR', // a Galera node that is not ready
  'ER_OPTION_PREVENTS_STATEMENT', // read-only after a failover
  'ER_READ_ONLY_MODE',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'POOL_CLOSED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** The server answers, but nothing more will come of this connection. */
const SERVER_LEAVES = new Set([
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_UNKNOWN_COM_ERROR',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
]);

/** The driver's own error, unwrapped from TypeORM's. */
function driverErrorOf(error: unknown): { code?: unknown; sqlState?: unknown; fatal?: unknown } {
  if (typeof error !== 'object' || error === null) return {};
  return 'driverError' in error ? driverErrorOf(error.driverError) : error;
}

function codeOf(error: unknown): string {
  const { code } = driverErrorOf(error);
  return typeof code === 'string' ? code : '';
}

/** mysql2 refuses a statement on a connection that has ended since the last one with a fatal error without a code. */
function foundConnectionClosed(error: unknown): boolean {
  return codeOf(error) === '' && driverErrorOf(error).fatal === true;
}

export const mysqlDialect: Dialect = {
  name: 'mysql',
  now: (clock) => `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) + ${clock.offsetMicros})`,
  forUpdate: 'FOR UPDATE',
  byPrimaryKey: 'FORCE INDEX (PRIMARY)',
  onConflict: () => 'ON DUPLICATE KEY UPDATE',
  inserted: (column) => `VALUES(${column})`,
  isDuplicateKey: (error) => codeOf(error) === 'ER_DUP_ENTRY',
  isTransient: (error) => TRANSIENT.has(codeOf(error)) || foundConnectionClosed(error),
  leavesConnectionUsable: (error) => driverErrorOf(error).sqlState !== undefined && !SERVER_LEAVES.has(codeOf(error)),
};
