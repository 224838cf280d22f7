import type { Conversation } from '../conversation/conversation.js';
import type { CaseStatus, OpenCase, Topic } from '../conversation/support-case.js';

/** A row of `conversation`, as either engine returns it. */
export interface ConversationRow {
  id: string;
  client_id: string;
  client_login: string;
  client_name: string;
  version: number;
  first_seq: number;
  last_seq: number;
  last_entry_at: number | null;
  preview: string;
  client_delivered: number;
  client_read: number;
  client_unread: number;
  support_delivered: number;
  support_read: number;
  support_unread: number;
  awaiting_since: number | null;
  unread_since: number | null;
  unread_announced_seq: number | null;
  last_case_number: number;
  case_id: string | null;
  case_number: number | null;
  case_revision: number | null;
  /** `none` without an open case. */
  case_status: CaseStatus | 'none';
  case_topic: Topic | null;
  case_assignee_id: string | null;
  case_assignee_name: string | null;
  case_opened_at: number | null;
  case_waiting_since: number | null;
  case_answered: number;
  inbox_rank: number;
}

const columns = [
  'id',
  'client_id',
  'client_login',
  'client_name',
  'version',
  'first_seq',
  'last_seq',
  'last_entry_at',
  'preview',
  'client_delivered',
  'client_read',
  'client_unread',
  'support_delivered',
  'support_read',
  'support_unread',
  'awaiting_since',
  'unread_since',
  'unread_announced_seq',
  'last_case_number',
  'case_id',
  'case_number',
  'case_revision',
  'case_status',
  'case_topic',
  'case_assignee_id',
  'case_assignee_name',
  'case_opened_at',
  'case_waiting_since',
  'case_answered',
  'inbox_rank',
] as const satisfies readonly (keyof ConversationRow)[];

export const conversationColumns: readonly string[] = columns;

/** Beyond any time in microseconds until 2112; what does not wait for a word ranks behind what does. */
const NOT_AWAITING = 9_000_000_000_000_000;

/** One number that orders every list of the inbox: longest wait first, then those without a wait, latest entry first. */
export function inboxRank({ awaitingSince, lastEntryAt }: Conversation): number {
  return awaitingSince ?? NOT_AWAITING - (lastEntryAt ?? 0);
}

export function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    client: { id: row.client_id, login: row.client_login, displayName: row.client_name },
    version: row.version,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    lastEntryAt: row.last_entry_at,
    preview: row.preview,
    progress: {
      client: { delivered: row.client_delivered, read: row.client_read, unread: row.client_unread },
      support: { delivered: row.support_delivered, read: row.support_read, unread: row.support_unread },
    },
    awaitingSince: row.awaiting_since,
    unreadRun: row.unread_since === null ? null : { since: row.unread_since, announcedSeq: row.unread_announced_seq },
    openCase: toOpenCase(row),
    lastCaseNumber: row.last_case_number,
  };
}

function toOpenCase(row: ConversationRow): OpenCase | null {
  const { case_status: status } = row;
  if (status !== 'waiting' && status !== 'assigned') return null;
  const assignee =
    row.case_assignee_id === null
      ? null
      : { id: row.case_assignee_id, displayName: row.case_assignee_name ?? row.case_assignee_id };
  return {
    id: row.case_id ?? '',
    number: row.case_number ?? 0,
    topic: row.case_topic ?? 'other',
    status,
    assignee,
    revision: row.case_revision ?? 0,
    openedAt: row.case_opened_at ?? 0,
    waitingSince: row.case_waiting_since,
    answered: row.case_answered !== 0,
  };
}

/** The row's values in the order of `conversationColumns`. */
export function conversationValues(conversation: Conversation): unknown[] {
  const { client, progress, openCase } = conversation;
  const row: ConversationRow = {
    id: conversation.id,
    client_id: client.id,
    client_login: client.login,
    client_name: client.displayName,
    version: conversation.version,
    first_seq: conversation.firstSeq,
    last_seq: conversation.lastSeq,
    last_entry_at: conversation.lastEntryAt,
    preview: conversation.preview,
    client_delivered: progress.client.delivered,
    client_read: progress.client.read,
    client_unread: progress.client.unread,
    support_delivered: progress.support.delivered,
    support_read: progress.support.read,
    support_unread: progress.support.unread,
    awaiting_since: conversation.awaitingSince,
    unread_since: conversation.unreadRun?.since ?? null,
    unread_announced_seq: conversation.unreadRun?.announcedSeq ?? null,
    last_case_number: conversation.lastCaseNumber,
    case_id: openCase?.id ?? null,
    case_number: openCase?.number ?? null,
    case_revision: openCase?.revision ?? null,
    case_status: openCase?.status ?? 'none',
    case_topic: openCase?.topic ?? null,
    case_assignee_id: openCase?.assignee?.id ?? null,
    case_assignee_name: openCase?.assignee?.displayName ?? null,
    case_opened_at: openCase?.openedAt ?? null,
    case_waiting_since: openCase?.waitingSince ?? null,
    case_answered: openCase?.answered ? 1 : 0,
    inbox_rank: inboxRank(conversation),
  };
  return columns.map((column) => row[column]);
}
