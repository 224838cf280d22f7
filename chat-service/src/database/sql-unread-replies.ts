import { UnreadReplies, type UnreadReply, type UnreadReplyTimes } from '../announcement/unread-replies.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { releaseLease, takeLease } from './lease.js';

const LEASE = 'unread-replies';

/** Unread replies in the chat's database. */
export class SqlUnreadReplies extends UnreadReplies {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override lease(replica: string, seconds: number): Promise<boolean> {
    return takeLease(this.database, this.clock, LEASE, replica, seconds);
  }

  override release(replica: string): Promise<void> {
    return releaseLease(this.database, LEASE, replica);
  }

  override async due(limit: number, times: UnreadReplyTimes, after?: UnreadReply): Promise<UnreadReply[]> {
    const now = this.database.dialect.now(this.clock);
    const behind = after === undefined ? [] : [after.since, after.since, after.conversationId];
    const rows = await this.database.read<{ id: string; unread_since: number | string }>(
      `SELECT id, unread_since FROM conversation
       WHERE unread_announced_seq IS NULL AND unread_since <= ${now} - ?
         ${after === undefined ? '' : 'AND unread_since >= ? AND (unread_since > ? OR id > ?)'}
         AND NOT EXISTS (
           SELECT 1 FROM watch_presence WHERE person_id = client_id AND seen_at > ${now} - ?
         )
       ORDER BY unread_since, id LIMIT ${limit}`,
      [micros(times.unreadSeconds), ...behind, micros(times.watchSeconds)],
    );
    return rows.map((row) => ({ conversationId: row.id, since: Number(row.unread_since) }));
  }
}

const micros = (seconds: number): number => Math.round(seconds * 1_000_000);
