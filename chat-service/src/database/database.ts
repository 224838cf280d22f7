import type { EntityManager } from 'typeorm';
import type { Dialect } from './dialect.js';

/**
 * The chat's own database.
 *
 * `reader` sees committed rows only. `write` runs `work` in one READ COMMITTED transaction and commits it; when `work`
 * or the commit fails nothing of it stays and the error is thrown on. On SQLite writes queue for the one writing
 * connection, so `work` must not wait for anything but its own statements, and never calls `write` again.
 * `query` of a manager takes SQL with `?` placeholders that both MySQL 8 and MariaDB 10.11 and SQLite read; what
 * differs is in `dialect`.
 */
export abstract class Database {
  abstract readonly dialect: Dialect;
  abstract readonly reader: EntityManager;
  abstract write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}
