import type { Conversation } from '../conversation/conversation.js';
import type { Micros } from '../conversation/entry.js';
import type { AnnouncementType } from './announcement.js';
import type { AnnouncementSettings } from './case-announcements.js';
import { caseData, clientData, timestamp } from './event-data.js';
import type { OutboxRow } from './outbox.port.js';

/**
 * What other services learn of replies that the client has not read, by the row as a transaction found it and as it
 * leaves it: that a run of unread ones was announced, and that one which had been is over. Never what was written. Both
 * are named by the seq that was the oldest unread one when it was announced; no later run can have that seq.
 */
export function replyAnnouncements(
  before: Pick<Conversation, 'unreadRun'>,
  after: Pick<Conversation, 'id' | 'client' | 'progress' | 'unreadRun' | 'openCase'>,
  now: Micros,
  { clientPortalUrl }: Pick<AnnouncementSettings, 'clientPortalUrl'>,
): OutboxRow[] {
  const { id, client, progress, unreadRun: run, openCase } = after;
  const rowOf = (seq: number, kind: string, type: AnnouncementType, more: Record<string, unknown>): OutboxRow => {
    const data = {
      conversation_id: id,
      case: openCase === null ? null : caseData(openCase),
      client: clientData(client),
      unread_seq: seq,
      ...more,
      ...(clientPortalUrl !== '' && { link: clientPortalUrl }),
    };
    const announcement = { id: `${id}/${seq}/${kind}`, type, subject: id, time: timestamp(now), data };
    return { conversationId: id, seq, kind, createdAt: now, announcement };
  };
  const was = before.unreadRun?.announcedSeq ?? null;
  const is = run?.announcedSeq ?? null;
  if (was === is) return [];
  const rows: OutboxRow[] = [];
  if (was !== null) rows.push(rowOf(was, 'reply_read', 'energy.chat.reply.read.v1', {}));
  if (run !== null && is !== null) {
    const unread = { counts: { client_unread: progress.client.unread }, unread_since: timestamp(run.since) };
    rows.push(rowOf(is, 'reply_unread', 'energy.chat.reply.unread.v1', unread));
  }
  return rows;
}
