import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { ANNOUNCEMENT_TYPES, type AnnouncementType } from '../announcement/announcement.js';
import { Outbox, type OutboxRow } from '../announcement/outbox.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { releaseLease, takeLease } from './lease.js';

const RELAY_LEASE = 'announcement-relay';
/** Keys in one DELETE: a long chain of ORs costs the engines more than a second statement. */
const KEYS_AT_ONCE = 100;
/** Rows that one turn of `dropOlder` takes, so that its transactions stay short. */
const DROPPED_AT_ONCE = 500;
const DAY = 86_400_000_000;

const KEY = 'conversation_id, seq, kind';
const COLUMNS = `${KEY}, created_at, event`;

interface StoredRow {
  conversation_id: string;
  seq: number;
  kind: string;
  created_at: number;
  event: string;
}

type RowKey = Pick<OutboxRow, 'conversationId' | 'seq' | 'kind'>;

const announcement = z.object({
  id: z.string(),
  type: z.enum(ANNOUNCEMENT_TYPES),
  subject: z.string(),
  time: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/** One INSERT of `rows` (at least one), for the transaction of the change that they announce. */
export function outboxInsert(rows: readonly OutboxRow[]): { sql: string; params: (string | number)[] } {
  return {
    sql: `INSERT INTO outbox (${KEY}, type, created_at, event) VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`,
    params: rows.flatMap((row) => [
      row.conversationId,
      row.seq,
      row.kind,
      row.announcement.type,
      row.createdAt,
      JSON.stringify(row.announcement),
    ]),
  };
}

/** The outbox in the chat's database. */
export class SqlOutbox extends Outbox {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override lease(replica: string, seconds: number): Promise<boolean> {
    return takeLease(this.database, this.clock, RELAY_LEASE, replica, seconds);
  }

  override release(replica: string): Promise<void> {
    return releaseLease(this.database, RELAY_LEASE, replica);
  }

  /**
   * One ordered range of the index per type that is not parked: a type that nobody listens to may have rows of a week,
   * and a single scan in key order would walk past all of them each time.
   */
  override async next(limit: number, parked: readonly AnnouncementType[]): Promise<OutboxRow[]> {
    const types = ANNOUNCEMENT_TYPES.filter((type) => !parked.includes(type));
    if (types.length === 0) return [];
    const ranges = types.map((type) => `SELECT * FROM (${rangeOf(limit)}) AS ${rangeName(type)}`);
    const rows = await this.database.read<StoredRow>(
      `${ranges.join(' UNION ALL ')} ORDER BY ${KEY} LIMIT ${limit}`,
      types,
    );
    return rows.map(toOutboxRow);
  }

  override async firstOf(type: AnnouncementType): Promise<OutboxRow | undefined> {
    const [row] = await this.database.read<StoredRow>(rangeOf(1), [type]);
    return row === undefined ? undefined : toOutboxRow(row);
  }

  override async remove(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length > 0) await this.database.writeRepeatably((manager) => removeKeys(manager, rows));
  }

  override async dropOlder(types: readonly AnnouncementType[], days: number): Promise<number> {
    if (types.length === 0) return 0;
    const old = `type IN (${types.map(() => '?').join(', ')})
      AND created_at < ${this.database.dialect.now(this.clock)} - ${days * DAY}`;
    let dropped = 0;
    for (;;) {
      const rows = await this.database.read<StoredRow>(
        `SELECT ${COLUMNS} FROM outbox WHERE ${old} LIMIT ${DROPPED_AT_ONCE}`,
        [...types],
      );
      const keys = rows.map((row) => ({ conversationId: row.conversation_id, seq: Number(row.seq), kind: row.kind }));
      if (keys.length > 0) await this.database.writeRepeatably((manager) => removeKeys(manager, keys));
      dropped += keys.length;
      if (keys.length < DROPPED_AT_ONCE) return dropped;
    }
  }

  override async size(): Promise<number> {
    const [row] = await this.database.read<{ waiting: number | string }>('SELECT COUNT(*) AS waiting FROM outbox');
    return Number(row?.waiting ?? 0);
  }

  /** The first of each type's range of an index. */
  override async oldestSeconds(): Promise<number> {
    const now = this.database.dialect.now(this.clock);
    const oldest = ANNOUNCEMENT_TYPES.map(() => 'SELECT MIN(created_at) AS at FROM outbox WHERE type = ?');
    const [row] = await this.database.read<{ age: number | string | null }>(
      `SELECT ${now} - MIN(at) AS age FROM (${oldest.join(' UNION ALL ')}) AS oldest`,
      ANNOUNCEMENT_TYPES,
    );
    return Math.max(0, Number(row?.age ?? 0) / 1_000_000);
  }
}

const rangeOf = (limit: number): string =>
  `SELECT ${COLUMNS} FROM outbox WHERE type = ? ORDER BY ${KEY} LIMIT ${limit}`;
const rangeName = (type: AnnouncementType): string => type.replace(/[^a-z0-9]/g, '_');

async function removeKeys(manager: EntityManager, keys: readonly RowKey[]): Promise<void> {
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) {
    const chunk = keys.slice(start, start + KEYS_AT_ONCE);
    const where = chunk.map(() => '(conversation_id = ? AND seq = ? AND kind = ?)').join(' OR ');
    const params = chunk.flatMap(({ conversationId, seq, kind }) => [conversationId, seq, kind]);
    await manager.query(`DELETE FROM outbox WHERE ${where}`, params);
  }
}

function toOutboxRow(row: StoredRow): OutboxRow {
  return {
    conversationId: row.conversation_id,
    seq: Number(row.seq),
    kind: row.kind,
    createdAt: Number(row.created_at),
    announcement: announcement.parse(JSON.parse(row.event)),
  };
}
