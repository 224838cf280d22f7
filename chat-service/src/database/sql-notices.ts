import { z } from 'zod';
import { Notices, type Notice, type NoticeProgress, type Reached } from '../system-message/notices.port.js';
import type { Recipient } from '../system-message/system-event.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { releaseLease, takeLease } from './lease.js';

const LEASE = 'notices';
/** Rows of one INSERT, and keys of one UPDATE. */
const ROWS_AT_ONCE = 250;
const MOST_UNKNOWN = 1_000;
const DAY = 86_400_000_000;

interface NoticeRow {
  id: string;
  source: string;
  event_id: string;
  shown_name: string;
  content: string;
  wants_dead_letter: number;
}

interface RecipientRow {
  named_by: Recipient['by'];
  name: string;
}

/** What `content` holds. */
const contentShape = z.object({
  texts: z.record(z.string(), z.string()),
  severity: z.enum(['info', 'warning', 'critical']),
  link: z.string(),
  needsAttention: z.boolean(),
});

/** Notices in the chat's database. Only recipients that are still pending are looked for, by index. */
export class SqlNotices extends Notices {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async add({ id, event, shownName, wantsDeadLetter }: Notice, recipients: readonly Recipient[]) {
    const { dialect } = this.database;
    const { source, eventId, ...content } = event;
    const dead = wantsDeadLetter ? 1 : 0;
    await this.database.writeRepeatably(async (manager) => {
      await manager.query(
        // `additions` always changes the row: two nodes of a cluster are in conflict by what they write, and `finish` of
        // another one must not pass this by.
        `INSERT INTO notice
           (id, source, event_id, shown_name, content, wants_dead_letter, additions, created_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?, 1, ${this.now}, NULL)
         ${dialect.onConflict(['source', 'event_id'])}
           finished_at = NULL,
           additions = notice.additions + 1,
           wants_dead_letter = CASE WHEN ? = 1 THEN 1 ELSE notice.wants_dead_letter END`,
        [id, source, eventId, shownName, JSON.stringify(content), dead, dead],
      );
      const [stored] = await manager.query<{ id: string }[]>(
        'SELECT id FROM notice WHERE source = ? AND event_id = ?',
        [source, eventId],
      );
      if (stored === undefined) throw new Error('A notice that was just written is not there');
      for (const rows of chunks(recipients)) {
        await manager.query(
          `INSERT INTO notice_recipient (notice_id, named_by, name, state)
           VALUES ${rows.map(() => `(?, ?, ?, 'pending')`).join(', ')}
           ${dialect.onConflict(['notice_id', 'named_by', 'name'])}
             state = CASE WHEN notice_recipient.state = 'unknown' THEN 'pending' ELSE notice_recipient.state END`,
          rows.flatMap(({ by, value }) => [stored.id, by, value]),
        );
      }
    });
  }

  override async next(limit: number, besides: readonly string[]) {
    const others = besides.length === 0 ? '' : `AND id NOT IN (${besides.map(() => '?').join(', ')})`;
    const [row] = await this.database.read<NoticeRow>(
      `SELECT * FROM notice WHERE finished_at IS NULL ${others} ORDER BY created_at LIMIT 1`,
      besides,
    );
    if (row === undefined) return undefined;
    const recipients = await this.recipients(row.id, 'pending', limit);
    return { notice: toNotice(row), recipients };
  }

  override async mark(noticeId: string, recipients: readonly Recipient[], reached: Reached): Promise<void> {
    for (const rows of chunks(recipients)) {
      const keys = rows.map(() => '(named_by = ? AND name = ?)').join(' OR ');
      await this.database.writeRepeatably((manager) =>
        manager.query(`UPDATE notice_recipient SET state = ? WHERE notice_id = ? AND (${keys})`, [
          reached,
          noticeId,
          ...rows.flatMap(({ by, value }) => [by, value]),
        ]),
      );
    }
  }

  override async finish(noticeId: string): Promise<void> {
    await this.database.writeRepeatably(async (manager) => {
      // The row first: what `add` is committing meanwhile must be seen by the look at the recipients.
      await manager.query(`SELECT id FROM notice WHERE id = ? ${this.database.dialect.forUpdate}`, [noticeId]);
      await manager.query(
        `UPDATE notice SET finished_at = ${this.now} WHERE id = ? AND finished_at IS NULL AND NOT EXISTS (
           SELECT 1 FROM notice_recipient WHERE notice_id = ? AND state = 'pending')`,
        [noticeId, noticeId],
      );
    });
  }

  override async progress(source: string, eventId: string): Promise<NoticeProgress | undefined> {
    const [notice] = await this.database.read<{ id: string; created_at: number; finished_at: number | null }>(
      'SELECT id, created_at, finished_at FROM notice WHERE source = ? AND event_id = ?',
      [source, eventId],
    );
    if (notice === undefined) return undefined;
    const rows = await this.database.read<{ state: string; recipients: number | string }>(
      'SELECT state, COUNT(*) AS recipients FROM notice_recipient WHERE notice_id = ? GROUP BY state',
      [notice.id],
    );
    const counts = new Map(rows.map(({ state, recipients }) => [state, Number(recipients)]));
    const written = counts.get('written') ?? 0;
    const unknown = counts.get('unknown') ?? 0;
    return {
      createdAt: Number(notice.created_at),
      finishedAt: notice.finished_at === null ? null : Number(notice.finished_at),
      recipients: written + unknown + (counts.get('pending') ?? 0),
      written,
      unknown,
      unknownRecipients: unknown === 0 ? [] : await this.recipients(notice.id, 'unknown', MOST_UNKNOWN),
    };
  }

  override async backlog(): Promise<number> {
    const [row] = await this.database.read<{ notices: number | string }>(
      'SELECT COUNT(*) AS notices FROM notice WHERE finished_at IS NULL',
    );
    return Number(row?.notices ?? 0);
  }

  override async dropOlder(days: number, limit: number): Promise<number> {
    const old = await this.database.read<{ id: string }>(
      `SELECT id FROM notice WHERE finished_at < ${this.now} - ${days * DAY} LIMIT ${limit}`,
    );
    for (const { id } of old) {
      await this.database.writeRepeatably(async (manager) => {
        await manager.query('DELETE FROM notice_recipient WHERE notice_id = ?', [id]);
        await manager.query('DELETE FROM notice WHERE id = ?', [id]);
      });
    }
    return old.length;
  }

  override lease(replica: string, seconds: number): Promise<boolean> {
    return takeLease(this.database, this.clock, LEASE, replica, seconds);
  }

  override release(replica: string): Promise<void> {
    return releaseLease(this.database, LEASE, replica);
  }

  private async recipients(noticeId: string, state: 'pending' | 'unknown', limit: number): Promise<Recipient[]> {
    const rows = await this.database.read<RecipientRow>(
      `SELECT named_by, name FROM notice_recipient WHERE notice_id = ? AND state = ?
       ORDER BY named_by, name LIMIT ${limit}`,
      [noticeId, state],
    );
    return rows.map(({ named_by: by, name: value }) => ({ by, value }));
  }

  private get now(): string {
    return this.database.dialect.now(this.clock);
  }
}

function toNotice(row: NoticeRow): Notice {
  return {
    id: row.id,
    event: { source: row.source, eventId: row.event_id, ...contentShape.parse(JSON.parse(row.content)) },
    shownName: row.shown_name,
    wantsDeadLetter: row.wants_dead_letter !== 0,
  };
}

function chunks<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, index) =>
    rows.slice(index * ROWS_AT_ONCE, (index + 1) * ROWS_AT_ONCE),
  );
}
