import { z } from 'zod';
import type { Author, Entry, EntryContent } from '../conversation/entry.js';

/** A row of `entry`, as either engine returns it. `detail` holds, as JSON, what is not the text of a message. */
export interface EntryRow {
  conversation_id: string;
  seq: number;
  kind: string;
  case_id: string | null;
  author_side: Author['side'];
  author_id: string;
  author_name: string;
  request_id: string | null;
  created_at: number;
  edited_at: number | null;
  removed_at: number | null;
  body: string | null;
  detail: string | null;
}

const columns = [
  'conversation_id',
  'seq',
  'kind',
  'case_id',
  'author_side',
  'author_id',
  'author_name',
  'request_id',
  'created_at',
  'edited_at',
  'removed_at',
  'body',
  'detail',
] as const satisfies readonly (keyof EntryRow)[];

export const entryColumns: readonly string[] = columns;

const assignee = z.object({ id: z.string(), displayName: z.string() });
const caseView = z.object({
  id: z.string(),
  number: z.number(),
  topic: z.enum(['bill', 'reading', 'outage', 'other']),
  status: z.enum(['waiting', 'assigned', 'closed']),
  assignee: assignee.nullable(),
  revision: z.number(),
  openedAt: z.number(),
  waitingSince: z.number().nullable(),
});

/** What `detail` holds, by kind. */
const details = {
  system_message: z.object({ severity: z.enum(['info', 'warning', 'critical']), link: z.string() }),
  message_edited: z.object({ targetSeq: z.number() }),
  message_removed: z.object({ targetSeq: z.number() }),
  case_opened: z.object({ case: caseView }),
  case_assigned: z.object({ case: caseView }),
  case_transferred: z.object({ case: caseView, from: assignee }),
  case_released: z.object({ case: caseView, from: assignee }),
  case_closed: z.object({ case: caseView, reason: z.string() }),
  case_rated: z.object({ case: caseView, rating: z.number(), comment: z.string() }),
};

function toContent(row: EntryRow): EntryContent {
  const detail: unknown = row.detail === null ? null : JSON.parse(row.detail);
  switch (row.kind) {
    case 'message':
      return { kind: 'message', text: row.body ?? '', editedAt: row.edited_at, removedAt: row.removed_at };
    case 'system_message':
      return { kind: 'system_message', text: row.body ?? '', ...details.system_message.parse(detail) };
    case 'message_edited':
      return { kind: 'message_edited', ...details.message_edited.parse(detail) };
    case 'message_removed':
      return { kind: 'message_removed', ...details.message_removed.parse(detail) };
    case 'case_opened':
      return { kind: 'case_opened', ...details.case_opened.parse(detail) };
    case 'case_assigned':
      return { kind: 'case_assigned', ...details.case_assigned.parse(detail) };
    case 'case_transferred':
      return { kind: 'case_transferred', ...details.case_transferred.parse(detail) };
    case 'case_released':
      return { kind: 'case_released', ...details.case_released.parse(detail) };
    case 'case_closed':
      return { kind: 'case_closed', ...details.case_closed.parse(detail) };
    case 'case_rated':
      return { kind: 'case_rated', ...details.case_rated.parse(detail) };
    default:
      throw new Error(
        `Entry ${row.conversation_id}/${row.seq} is of kind "${row.kind}", which this version cannot read`,
      );
  }
}

export function toEntry(row: EntryRow): Entry {
  return {
    conversationId: row.conversation_id,
    seq: row.seq,
    caseId: row.case_id,
    createdAt: row.created_at,
    author: { side: row.author_side, id: row.author_id, displayName: row.author_name },
    requestId: row.request_id,
    content: toContent(row),
  };
}

/** The row's values in the order of `entryColumns`. */
export function entryValues(entry: Entry): unknown[] {
  const { content, author } = entry;
  const row: EntryRow = {
    conversation_id: entry.conversationId,
    seq: entry.seq,
    kind: content.kind,
    case_id: entry.caseId,
    author_side: author.side,
    author_id: author.id,
    author_name: author.displayName,
    request_id: entry.requestId,
    created_at: entry.createdAt,
    edited_at: content.kind === 'message' ? content.editedAt : null,
    removed_at: content.kind === 'message' ? content.removedAt : null,
    body: content.kind === 'message' || content.kind === 'system_message' ? content.text : null,
    detail: detailOf(content),
  };
  return columns.map((column) => row[column]);
}

function detailOf(content: EntryContent): string | null {
  switch (content.kind) {
    case 'message':
      return null;
    case 'system_message':
      return JSON.stringify({ severity: content.severity, link: content.link });
    default: {
      const { kind: _, ...detail } = content;
      return JSON.stringify(detail);
    }
  }
}
