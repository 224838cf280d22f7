import type { EntityManager } from 'typeorm';
import type { Audience } from '../identity/caller.js';
import {
  type EndReason,
  LATE_SECONDS,
  MOST_LISTED,
  type NewSession,
  type OwnSession,
  type Rotation,
  SESSION_IDLE_DAYS,
  SESSION_LONGEST_DAYS,
  type SessionOwner,
  Sessions,
} from '../identity/sessions.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { keepPerson } from './keep-person.js';

const DAY = 24 * 3_600 * 1_000_000;
const IDLE = SESSION_IDLE_DAYS * DAY;
const LONGEST = SESSION_LONGEST_DAYS * DAY;

/** The sessions of a person and portal that nobody has ended; by an index, since one person may have had many. */
const LIVING = 'person_id = ? AND audience = ? AND ended_at IS NULL';

interface SessionRow {
  readonly person_id: string;
  readonly audience: Audience;
  readonly generation: number;
  readonly refresh_hash: string;
  readonly previous_hash: string | null;
  readonly previous_open: number;
  /** 1 while the session has neither ended nor run out. */
  readonly live: number;
  /** 1 while a copy of the request that made the last move may still come. */
  readonly moved_lately: number;
}

/** Sessions in the chat's database: the row's lock puts what happens to one session in order. */
export class SqlSessions extends Sessions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  async begin({ id, person, audience, refreshHash, userAgent }: NewSession): Promise<void> {
    const { dialect } = this.database;
    await this.database.writeRepeatably(async (manager) => {
      await keepPerson(manager, dialect, this.now, person);
      // Met again only when the answer to the first try was lost: then it stands already.
      await manager.query(
        `INSERT INTO session (id, person_id, audience, generation, refresh_hash, previous_open, created_at,
           refreshed_at, expires_at, user_agent)
         VALUES (?, ?, ?, 0, ?, 0, ${this.now}, ${this.now}, ${this.now} + ${IDLE}, ?)
         ${dialect.onConflict(['id'])} audience = ${dialect.inserted('audience')}`,
        [id, person.id, audience, refreshHash, userAgent],
      );
    });
  }

  async find(sessionId: string): Promise<SessionOwner | 'ended' | undefined> {
    const row = await this.stored(sessionId);
    if (row === undefined) return undefined;
    return row.live === 1 ? { personId: row.person_id, audience: row.audience } : 'ended';
  }

  rotate({ sessionId, person, presentedHash, successorHash }: Rotation): Promise<number | 'late' | undefined> {
    return this.database.writeRepeatably(async (manager) => {
      const row = await this.locked(manager, sessionId);
      if (row?.live !== 1) return undefined;
      if (presentedHash === row.previous_hash && row.previous_open === 1) return row.generation;
      if (presentedHash === row.previous_hash && row.moved_lately === 1) return 'late';
      if (presentedHash !== row.refresh_hash) {
        await this.markEnded(manager, sessionId, 'reuse');
        return undefined;
      }
      await manager.query(
        `UPDATE session SET generation = ?, refresh_hash = ?, previous_hash = ?, previous_open = 1,
           refreshed_at = ${this.now},
           expires_at = CASE WHEN ${this.now} + ${IDLE} < created_at + ${LONGEST}
             THEN ${this.now} + ${IDLE} ELSE created_at + ${LONGEST} END
         WHERE id = ?`,
        [row.generation + 1, successorHash, presentedHash, sessionId],
      );
      await keepPerson(manager, this.database.dialect, this.now, person);
      return row.generation + 1;
    });
  }

  async accessSeen(sessionId: string, generation: number): Promise<'live' | 'ended' | 'behind'> {
    const seen = await this.stored(sessionId);
    const state = stateFor(seen, generation);
    if (state !== 'live' || seen?.generation !== generation || seen.previous_open === 0) return state;
    return this.database.writeRepeatably(async (manager) => {
      const row = await this.locked(manager, sessionId);
      if (row?.generation === generation) {
        await manager.query('UPDATE session SET previous_open = 0 WHERE id = ?', [sessionId]);
      }
      return stateFor(row, generation);
    });
  }

  async end(sessionId: string, reason: EndReason): Promise<void> {
    await this.database.writeRepeatably((manager) => this.markEnded(manager, sessionId, reason));
  }

  async listOwn(owner: SessionOwner): Promise<OwnSession[]> {
    return this.database.read<OwnSession>(
      `SELECT id, created_at AS createdAt, refreshed_at AS usedAt, user_agent AS userAgent FROM session
       WHERE ${LIVING} AND expires_at > ${this.now} ORDER BY refreshed_at DESC, id LIMIT ${MOST_LISTED}`,
      [owner.personId, owner.audience],
    );
  }

  endOwn({ personId, audience }: SessionOwner, sessionId: string): Promise<boolean> {
    return this.database.writeRepeatably(async (manager) => {
      const row = await this.locked(manager, sessionId);
      if (row?.person_id !== personId || row.audience !== audience) return false;
      await this.markEnded(manager, sessionId, 'ended-by-owner');
      return true;
    });
  }

  endOthers({ personId, audience }: SessionOwner, butId: string): Promise<string[]> {
    return this.database.writeRepeatably(async (manager) => {
      const rows = await manager.query<{ id: string }[]>(
        `SELECT id FROM session WHERE ${LIVING} AND id <> ? ORDER BY id`,
        [personId, audience, butId],
      );
      for (const { id } of rows) await this.markEnded(manager, id, 'ended-by-owner');
      return rows.map(({ id }) => id);
    });
  }

  async endedWithin(seconds: number): Promise<string[]> {
    const rows = await this.database.read<{ id: string }>(`SELECT id FROM session WHERE ended_at > ${this.now} - ?`, [
      Math.round(seconds * 1_000_000),
    ]);
    return rows.map(({ id }) => id);
  }

  private get now(): string {
    return this.database.dialect.now(this.clock);
  }

  private async stored(sessionId: string): Promise<SessionRow | undefined> {
    return (await this.database.read<SessionRow>(this.rowById(''), [sessionId]))[0];
  }

  private async locked(manager: EntityManager, sessionId: string): Promise<SessionRow | undefined> {
    return (await manager.query<SessionRow[]>(this.rowById(this.database.dialect.forUpdate), [sessionId]))[0];
  }

  private rowById(lock: string): string {
    return `SELECT person_id, audience, generation, refresh_hash, previous_hash, previous_open,
         CASE WHEN ended_at IS NULL AND expires_at > ${this.now} THEN 1 ELSE 0 END AS live,
         CASE WHEN refreshed_at > ${this.now} - ${LATE_SECONDS * 1_000_000} THEN 1 ELSE 0 END AS moved_lately
       FROM session WHERE id = ? ${lock}`;
  }

  private async markEnded(manager: EntityManager, sessionId: string, reason: EndReason): Promise<void> {
    await manager.query(
      `UPDATE session SET ended_at = ${this.now}, end_reason = ?, previous_open = 0 WHERE id = ? AND ended_at IS NULL`,
      [reason, sessionId],
    );
  }
}

/** An access token proves that its session was begun and had come to this generation, whatever the row shows yet. */
function stateFor(row: SessionRow | undefined, generation: number): 'live' | 'ended' | 'behind' {
  if (row === undefined) return 'behind';
  if (row.live !== 1) return 'ended';
  return row.generation < generation ? 'behind' : 'live';
}
