import type { CaseView } from './support-case.js';

/** The two sides of a conversation: its client, and all administrators together. */
export type Side = 'client' | 'support';

/** Times are microseconds since 1970 UTC, by the database's clock. */
export type Micros = number;

export interface Author {
  readonly side: Side | 'system';
  /** A person's id, or `system:<source>`. */
  readonly id: string;
  readonly displayName: string;
}

export interface Assignee {
  readonly id: string;
  readonly displayName: string;
}

export type EntryContent =
  | {
      readonly kind: 'message';
      readonly text: string;
      readonly editedAt: Micros | null;
      readonly removedAt: Micros | null;
    }
  /** Says that a message's text changed, which stands at the message itself. */
  | { readonly kind: 'message_edited'; readonly targetSeq: number }
  | { readonly kind: 'message_removed'; readonly targetSeq: number }
  | { readonly kind: 'system_message'; readonly text: string; readonly severity: Severity; readonly link: string }
  | { readonly kind: 'case_opened'; readonly case: CaseView }
  | { readonly kind: 'case_assigned'; readonly case: CaseView }
  | { readonly kind: 'case_transferred'; readonly case: CaseView; readonly from: Assignee }
  | { readonly kind: 'case_released'; readonly case: CaseView; readonly from: Assignee }
  | { readonly kind: 'case_closed'; readonly case: CaseView; readonly reason: string }
  | { readonly kind: 'case_rated'; readonly case: CaseView; readonly rating: number; readonly comment: string };

export type EntryKind = EntryContent['kind'];
export type Severity = 'info' | 'warning' | 'critical';

/** One line of a conversation's log. */
export interface Entry {
  readonly conversationId: string;
  /** 1, 2, 3 … in its conversation, without gaps. */
  readonly seq: number;
  readonly caseId: string | null;
  readonly createdAt: Micros;
  readonly author: Author;
  /** Of the request that asked for this entry; null on entries written along with another. */
  readonly requestId: string | null;
  readonly content: EntryContent;
}

/** The longest message, in UTF-16 units. */
export const LONGEST_TEXT = 4_000;

/** The longest comment of a rating, in UTF-16 units. */
export const LONGEST_COMMENT = 1_000;

/** True for entries that `side` counts as unread until read: the other side's messages and, for the client, the system's. */
export function countsAsUnread(side: Side, entry: Entry): boolean {
  const { content, author } = entry;
  if (content.kind === 'system_message') return side === 'client';
  return content.kind === 'message' && content.removedAt === null && author.side !== side && author.side !== 'system';
}

/**
 * An entry as `side` may see it. Stands at every exit: lists, the watch, announcements. A client never learns an
 * administrator's reason for closing.
 */
export function viewFor(side: Side, entry: Entry): Entry {
  if (side === 'client' && entry.content.kind === 'case_closed' && entry.content.reason !== '') {
    return { ...entry, content: { ...entry.content, reason: '' } };
  }
  return entry;
}

/** What an inbox line shows of a text: its start, on one line, at most 120 characters. */
export function previewOf(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  const characters = Array.from(line.slice(0, 256));
  return characters.length > 120 || line.length > 256 ? `${characters.slice(0, 119).join('')}…` : line;
}
