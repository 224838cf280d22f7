import {
  countsAsUnread,
  previewOf,
  type Author,
  type Entry,
  type EntryContent,
  type Micros,
  type Side,
} from './entry.js';
import { runAfter, type OldestUnread, type UnreadRun } from './unread-run.js';
import type { CaseChange, KeptCase, OpenCase } from './support-case.js';

/** How far one side has come. Neither seq moves back or passes the head. */
export interface Progress {
  /** The highest seq a page of this side says it holds. */
  readonly delivered: number;
  /** The highest seq that was visible in a focused page of this side. */
  readonly read: number;
  /** What `countsAsUnread` for this side beyond `read`. */
  readonly unread: number;
}

/** One client's conversation, as its row shows it: all that an inbox line needs. */
export interface Conversation {
  readonly id: string;
  readonly client: { readonly id: string; readonly login: string; readonly displayName: string };
  /** Grows with every change of the row; a receiver replaces its copy only by a higher one. */
  readonly version: number;
  /** The first seq still kept. */
  readonly firstSeq: number;
  /** The head: 0 when nothing was written yet. */
  readonly lastSeq: number;
  readonly lastEntryAt: Micros | null;
  readonly preview: string;
  readonly progress: Readonly<Record<Side, Progress>>;
  /** When the client wrote the oldest message since support last wrote. */
  readonly awaitingSince: Micros | null;
  /** While the client has something unread; null for what was left unread before runs were kept. */
  readonly unreadRun: UnreadRun | null;
  readonly openCase: OpenCase | null;
  readonly lastCaseNumber: number;
}

/** What the domain decides on: the row under its lock, database time, and counts that only the log can know. */
export interface Situation {
  readonly conversation: Conversation;
  /** Never before the last entry. */
  readonly now: Micros;
  /** Entries that count as unread for `side` beyond `seq`; only for what the request said it would ask. */
  unreadAfter(side: Side, seq: number): number;
  /** The case that the request named, as it stands; undefined where this conversation has none of that id. */
  namedCase(): KeptCase | undefined;
  /** The target that the request named, as it stands. */
  target(): Entry | undefined;
  /** The newest message or system message besides the target that was not removed. */
  newestBesideTarget(): Entry | undefined;
  /** The client's next message after the target that was not removed. */
  nextFromClient(): Entry | undefined;
  /**
   * What the client has left unread, for a request with `asksUnread`. Undefined when another request of the same
   * transaction has just changed the conversation: ask again later.
   */
  unreadNow(): OldestUnread | undefined;
}

/** What is to be written: nothing of it is true before it is committed. */
export interface Change {
  readonly conversation: Conversation;
  /** In seq order, following the head of the conversation as it was. */
  readonly entries: readonly Entry[];
  readonly cases: readonly CaseChange[];
  /** Messages that stand in the log already, as they are from now on. */
  readonly messages: readonly Entry[];
}

/** A conversation's first state. */
export function newConversation(id: string, client: Conversation['client']): Conversation {
  const nothing: Progress = { delivered: 0, read: 0, unread: 0 };
  return {
    id,
    client,
    version: 1,
    firstSeq: 1,
    lastSeq: 0,
    lastEntryAt: null,
    preview: '',
    progress: { client: nothing, support: nothing },
    awaitingSince: null,
    unreadRun: null,
    openCase: null,
    lastCaseNumber: 0,
  };
}

/** A change of the row alone, one version on. */
export function rowChange(conversation: Conversation, changes: Partial<Conversation>): Change {
  const next = { ...conversation, ...changes, version: conversation.version + 1 };
  const unreadRun = next.progress.client.unread === 0 ? null : next.unreadRun;
  return { conversation: { ...next, unreadRun }, entries: [], cases: [], messages: [] };
}

/**
 * Writes one entry at the head: the next seq, never before the time of the entry before it, counted as unread for whom
 * it is unread, and starting or ending the client's wait for a word. `change` already counts its version.
 */
export function append(
  change: Change,
  entry: { now: Micros; caseId: string | null; author: Author; requestId: string | null; content: EntryContent },
): Change {
  const { conversation } = change;
  const written: Entry = {
    conversationId: conversation.id,
    seq: conversation.lastSeq + 1,
    caseId: entry.caseId,
    createdAt: Math.max(entry.now, conversation.lastEntryAt ?? 0),
    author: entry.author,
    requestId: entry.requestId,
    content: entry.content,
  };
  const unread = (side: Side): Progress => {
    const progress = conversation.progress[side];
    return countsAsUnread(side, written) ? { ...progress, unread: progress.unread + 1 } : progress;
  };
  return {
    ...change,
    conversation: {
      ...conversation,
      lastSeq: written.seq,
      lastEntryAt: written.createdAt,
      preview: previewAfter(conversation, written),
      progress: { client: unread('client'), support: unread('support') },
      awaitingSince: awaitingAfter(conversation, written),
      unreadRun: runAfter(conversation.unreadRun, written),
    },
    entries: [...change.entries, written],
  };
}

function previewAfter(conversation: Conversation, { content }: Entry): string {
  return content.kind === 'message' || content.kind === 'system_message'
    ? previewOf(content.text)
    : conversation.preview;
}

/** A client's message starts the wait, support's ends it; a system message does neither. */
function awaitingAfter(conversation: Conversation, written: Entry): Micros | null {
  if (written.content.kind !== 'message') return conversation.awaitingSince;
  return written.author.side === 'client' ? (conversation.awaitingSince ?? written.createdAt) : null;
}
