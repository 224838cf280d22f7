import { Inbox, type InboxCounts, type InboxFilter, type InboxPage, type InboxPosition } from '../inbox/inbox.port.js';
import { toConversation, type ConversationRow } from './conversation-rows.js';
import type { Database } from './database.js';

/** Counts stop here: the page shows "999+". */
const MOST_COUNTED = 1_000;

const conditions: Record<InboxFilter, { readonly where: string; readonly byAdmin: boolean }> = {
  waiting: { where: "case_status = 'waiting'", byAdmin: false },
  mine: { where: "case_status = 'assigned' AND case_assignee_id = ?", byAdmin: true },
  others: { where: "case_status = 'assigned' AND case_assignee_id <> ?", byAdmin: true },
  closed: { where: "case_status = 'none' AND last_case_number > 0", byAdmin: false },
};

/** The inbox's lists in SQL: each page is one range of an index. */
export class SqlInbox extends Inbox {
  constructor(private readonly database: Database) {
    super();
  }

  async list(filter: InboxFilter, adminId: string, limit: number, after: InboxPosition | null): Promise<InboxPage> {
    const { where, byAdmin } = conditions[filter];
    const rows = await this.database.read<ConversationRow>(
      `SELECT * FROM conversation WHERE ${where}
       ${after === null ? '' : 'AND inbox_rank >= ? AND (inbox_rank > ? OR id > ?)'}
       ORDER BY inbox_rank, id LIMIT ?`,
      [...(byAdmin ? [adminId] : []), ...(after === null ? [] : [after.rank, after.rank, after.id]), limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      conversations: page.map(toConversation),
      next: rows.length > limit && last !== undefined ? { rank: last.inbox_rank, id: last.id } : null,
    };
  }

  async counts(adminId: string): Promise<InboxCounts> {
    const capped = ({ where }: { where: string }): string =>
      `(SELECT COUNT(*) FROM (SELECT 1 FROM conversation WHERE ${where} LIMIT ${MOST_COUNTED}) AS counted)`;
    const [row] = await this.database.read<InboxCounts>(
      `SELECT ${capped(conditions.waiting)} AS waiting, ${capped(conditions.mine)} AS mine,
              ${capped(conditions.others)} AS others`,
      [adminId, adminId],
    );
    return { waiting: Number(row?.waiting ?? 0), mine: Number(row?.mine ?? 0), others: Number(row?.others ?? 0) };
  }

  async openVersions(afterId: string, limit: number): Promise<{ id: string; version: number }[]> {
    return this.database.read<{ id: string; version: number }>(
      "SELECT id, version FROM conversation WHERE case_status IN ('waiting', 'assigned') AND id > ? ORDER BY id LIMIT ?",
      [afterId, limit],
    );
  }
}
