import type { Conversation } from '../conversation/conversation.js';
import { viewFor, type Entry, type EntryKind } from '../conversation/entry.js';
import type { AnnouncementType } from './announcement.js';
import { assigneeData, authorData, caseData, clientData, timestamp } from './event-data.js';
import type { OutboxRow } from './outbox.port.js';

export interface AnnouncementSettings {
  /** The base of links to conversations for other services' people; empty: no link. */
  readonly adminPortalUrl: string;
  /** Where clients read, for what is said to them; empty: no link. */
  readonly clientPortalUrl: string;
}

const TYPES: Partial<Record<EntryKind, AnnouncementType>> = {
  case_opened: 'energy.chat.case.opened.v1',
  case_assigned: 'energy.chat.case.assigned.v1',
  case_transferred: 'energy.chat.case.transferred.v1',
  case_released: 'energy.chat.case.released.v1',
  case_closed: 'energy.chat.case.closed.v1',
  case_rated: 'energy.chat.case.rated.v1',
};

/**
 * What other services learn of an entry, as rows for the outbox: case changes only, with who, what and when, never the
 * text of a message or of a rating's comment and never why a case was closed. `conversation` is the row as the transaction leaves it.
 * The shape of `data` is published in proto/asyncapi.yaml: it only ever gains fields.
 */
export function announcementsFor(
  conversation: Pick<Conversation, 'id' | 'client' | 'progress'>,
  entry: Entry,
  { adminPortalUrl }: Pick<AnnouncementSettings, 'adminPortalUrl'>,
): OutboxRow[] {
  // As the client may see it: the narrower of the two views.
  const { seq, author, createdAt, content } = viewFor('client', entry);
  const type = TYPES[content.kind];
  if (type === undefined || !('case' in content)) return [];
  const { id, client, progress } = conversation;
  const data = {
    conversation_id: id,
    case: caseData(content.case),
    client: clientData(client),
    [content.kind === 'case_opened' ? 'opened_by' : 'changed_by']: authorData(author),
    ...('from' in content && { previous_assignee: assigneeData(content.from) }),
    ...('rating' in content && { rating: content.rating }),
    opened_time: timestamp(content.case.openedAt),
    counts: { support_unread: progress.support.unread },
    ...(adminPortalUrl !== '' && { link: conversationLink(adminPortalUrl, id) }),
  };
  const announcement = { id: `${id}/${seq}/${content.kind}`, type, subject: id, time: timestamp(createdAt), data };
  return [{ conversationId: id, seq, kind: content.kind, createdAt, announcement }];
}

function conversationLink(adminPortalUrl: string, id: string): string {
  return `${adminPortalUrl.replace(/\/+$/, '')}/conversations/${encodeURIComponent(id)}`;
}
