import { PresenceStore, type PresentPerson } from '../live/presence.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';

/** Rows that faded this many times `freshForSeconds` ago are of no use to anybody. */
const FORGOTTEN_AFTER = 10;

/** Presence in the chat's database: a row per person and replica, fresh for `freshForSeconds` of database time. */
export class SqlPresence extends PresenceStore {
  private readonly freshFor: number;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly replica: string,
    freshForSeconds: number,
  ) {
    super();
    this.freshFor = Math.round(freshForSeconds * 1_000_000);
  }

  async arrive(persons: readonly PresentPerson[]): Promise<void> {
    if (persons.length === 0) return;
    const { dialect } = this.database;
    // In key order, so that two replicas lock the index in the same order.
    const rows = [...persons].sort((one, other) => (one.personId < other.personId ? -1 : 1));
    await this.database.writeRepeatably((manager) =>
      manager.query(
        `INSERT INTO watch_presence (person_id, replica_id, role, seen_at)
         VALUES ${rows.map(() => `(?, ?, ?, ${this.now})`).join(', ')}
         ${dialect.onConflict(['person_id', 'replica_id'])}
           role = ${dialect.inserted('role')}, seen_at = ${dialect.inserted('seen_at')}`,
        rows.flatMap(({ personId, role }) => [personId, this.replica, role]),
      ),
    );
  }

  async leave(personIds: readonly string[]): Promise<void> {
    if (personIds.length === 0) return;
    await this.database.writeRepeatably((manager) =>
      manager.query(`DELETE FROM watch_presence WHERE replica_id = ? AND person_id IN (${marks(personIds)})`, [
        this.replica,
        ...personIds,
      ]),
    );
  }

  async renew(persons: readonly PresentPerson[]): Promise<void> {
    await this.arrive(persons);
    await this.database.writeRepeatably((manager) =>
      manager.query(
        `DELETE FROM watch_presence WHERE role IN ('client', 'admin', 'supervisor') AND seen_at < ${this.now} - ?`,
        [FORGOTTEN_AFTER * this.freshFor],
      ),
    );
  }

  async online(personIds: readonly string[]): Promise<Set<string>> {
    if (personIds.length === 0) return new Set();
    const rows = await this.database.read<{ person_id: string }>(
      `SELECT person_id FROM watch_presence WHERE person_id IN (${marks(personIds)}) AND seen_at > ${this.now} - ?`,
      [...personIds, this.freshFor],
    );
    return new Set(rows.map(({ person_id: personId }) => personId));
  }

  async anyAdmin(): Promise<boolean> {
    const rows = await this.database.read<unknown>(
      `SELECT 1 AS found FROM watch_presence WHERE role IN ('admin', 'supervisor') AND seen_at > ${this.now} - ? LIMIT 1`,
      [this.freshFor],
    );
    return rows.length > 0;
  }

  async forgetReplica(): Promise<void> {
    await this.database.writeRepeatably((manager) =>
      manager.query('DELETE FROM watch_presence WHERE replica_id = ?', [this.replica]),
    );
  }

  private get now(): string {
    return this.database.dialect.now(this.clock);
  }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
