import { PresenceStore, type Availability, type PresentPerson } from '../live/presence.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';

/** Rows that faded this many times `freshForSeconds` ago are of no use to anybody. */
const FORGOTTEN_AFTER = 10;

/**
 * Presence in the chat's database: a row per person and replica, and one for what an administrator says, each fresh for
 * `freshForSeconds` of database time.
 */
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

  async anyAvailable(): Promise<boolean> {
    const rows = await this.database.read<unknown>(
      `SELECT 1 AS found FROM availability JOIN watch_presence ON watch_presence.person_id = availability.person_id
       WHERE availability.state = 'available' AND availability.said_at > ${this.now} - ?
         AND watch_presence.role IN ('admin', 'supervisor') AND watch_presence.seen_at > ${this.now} - ? LIMIT 1`,
      [this.freshFor, this.freshFor],
    );
    return rows.length > 0;
  }

  declare(
    personId: string,
    availability: Availability | null,
  ): Promise<{ readonly availability: Availability; readonly isNews: boolean }> {
    const { dialect } = this.database;
    return this.database.answered(() =>
      this.database.write(async (manager) => {
        const rows = await manager.query<{ state: Availability; fresh: number }[]>(
          `SELECT state, CASE WHEN said_at > ${this.now} - ? THEN 1 ELSE 0 END AS fresh
           FROM availability WHERE person_id = ? ${dialect.forUpdate}`,
          [this.freshFor, personId],
        );
        const before = rows[0];
        const stands = availability ?? before?.state ?? 'available';
        await manager.query(
          `INSERT INTO availability (person_id, state, said_at) VALUES (?, ?, ${this.now})
           ${dialect.onConflict(['person_id'])} state = ${dialect.inserted('state')}, said_at = ${dialect.inserted('said_at')}`,
          [personId, stands],
        );
        return { availability: stands, isNews: before?.fresh !== 1 || before.state !== stands };
      }),
    );
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
