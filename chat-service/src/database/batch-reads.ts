import type { EntityManager } from 'typeorm';
import type { ChangeRequest } from '../conversation/conversation-log.port.js';
import type { Entry, Side } from '../conversation/entry.js';
import { countKey, type Draft } from './batch-draft.js';
import { toKeptCase, type CaseRow } from './case-rows.js';
import type { Clock } from './clock.js';
import { toConversation, type ConversationRow } from './conversation-rows.js';
import type { Dialect } from './dialect.js';
import { toEntry, type EntryRow } from './entry-rows.js';

/** Of one conversation in one batch; more are told to come back. */
const MOST_TARGETS = 8;

/** In one statement: SQLite takes 500. https://www.sqlite.org/limits.html */
const MOST_SELECTS = 300;

/** Names a request across its tries. */
export const requestKey = (request: { conversationId: string; authorId: string }, requestId: string): string =>
  `${request.conversationId}\n${request.authorId}\n${requestId}`;

export async function lockConversations(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  { dialect, clock }: { readonly dialect: Dialect; readonly clock: Clock },
): Promise<Map<string, Draft>> {
  const ids = [...new Set(requests.map((request) => request.conversationId))].sort();
  const rows = await manager.query<(ConversationRow & { now_at: number })[]>(
    `SELECT conversation.*, ${dialect.now(clock)} AS now_at FROM conversation ${dialect.byPrimaryKey}
     WHERE id IN (${ids.map(() => '?').join(', ')}) ORDER BY id ${dialect.forUpdate}`,
    ids,
  );
  return new Map(
    rows.map((row) => {
      const conversation = toConversation(row);
      const draft: Draft = {
        conversation,
        stored: conversation,
        // The statement's time, which is from before it waited for the lock, and of a clock that may be set back.
        now: Math.max(row.now_at, row.last_entry_at ?? 0),
        entries: [],
        cases: new Map(),
        storedCases: new Map(),
        targets: new Set(),
        messages: new Map(),
        changed: new Set(),
        unread: undefined,
        hasNews: false,
      };
      return [row.id, draft];
    }),
  );
}

export async function findRepeats(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
): Promise<Map<string, Entry>> {
  const keys = requests.flatMap(({ conversationId, authorId, requestId }) =>
    requestId === null ? [] : [[conversationId, authorId, requestId]],
  );
  if (keys.length === 0) return new Map();
  const rows = await manager.query<EntryRow[]>(
    `SELECT * FROM entry WHERE ${keys.map(() => '(conversation_id = ? AND author_id = ? AND request_id = ?)').join(' OR ')}`,
    keys.flat(),
  );
  return new Map(
    rows.map(toEntry).map((entry) => {
      const author = { conversationId: entry.conversationId, authorId: entry.author.id };
      return [requestKey(author, entry.requestId ?? ''), entry];
    }),
  );
}

/** What the client counts as unread, of entries. */
const CLIENT_UNREAD = "((kind = 'message' AND author_side = 'support') OR kind = 'system_message')";

/** One statement for all counts that the requests may ask for; a count beyond the stored head is 0 and asks nothing. */
export async function countUnread(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  drafts: Map<string, Draft>,
): Promise<Map<string, number>> {
  const asked = new Map<string, { conversationId: string; side: Side; afterSeq: number }>();
  for (const { conversationId, counts } of requests) {
    const head = drafts.get(conversationId)?.stored.lastSeq ?? 0;
    if (counts !== null && counts.afterSeq < head) {
      asked.set(countKey(conversationId, counts.side, counts.afterSeq), { conversationId, ...counts });
    }
  }
  if (asked.size === 0) return new Map();
  const select = (side: Side): string =>
    `SELECT ? AS count_key, COUNT(*) AS unread FROM entry
     WHERE conversation_id = ? AND seq > ? AND removed_at IS NULL
       AND ${side === 'client' ? CLIENT_UNREAD : "kind = 'message' AND author_side = 'client'"}`;
  const rows = await manager.query<{ count_key: string; unread: number }[]>(
    [...asked.values()].map(({ side }) => select(side)).join(' UNION ALL '),
    [...asked].flatMap(([key, { conversationId, afterSeq }]) => [key, conversationId, afterSeq]),
  );
  return new Map(rows.map((row) => [row.count_key, Number(row.unread)]));
}

/**
 * All messages that the requests name, and what their conversations would show without them: as many candidates as the
 * batch can take away, and one more. One statement for each 100 conversations.
 */
export async function loadTargets(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  drafts: Map<string, Draft>,
): Promise<void> {
  const selects: Select[] = [];
  const named = Map.groupBy(
    requests.filter(({ targetSeq }) => targetSeq !== undefined),
    ({ conversationId }) => conversationId,
  );
  for (const [id, naming] of named) {
    const draft = drafts.get(id);
    const seqs = [...new Set(naming.flatMap(({ targetSeq = 0 }) => targetSeq))].slice(0, MOST_TARGETS);
    for (const seq of seqs) draft?.targets.add(seq);
    if (draft !== undefined) selects.push(...aroundTargets(id, seqs));
  }
  while (selects.length > 0) {
    const part = selects.splice(0, MOST_SELECTS);
    const rows = await manager.query<EntryRow[]>(
      part.map(({ sql }, index) => `SELECT * FROM (${sql}) AS part_${index}`).join(' UNION ALL '),
      part.flatMap(({ params }) => params),
    );
    for (const entry of rows.map(toEntry)) drafts.get(entry.conversationId)?.messages.set(entry.seq, entry);
  }
}

/** The oldest entry that each client has not read, and who of them holds a Watch. Two statements. */
export async function loadUnread(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  drafts: Map<string, Draft>,
  { dialect, clock }: { readonly dialect: Dialect; readonly clock: Clock },
): Promise<void> {
  const asking = requests.filter(({ asksUnread }) => asksUnread !== undefined).slice(0, MOST_SELECTS);
  const watchSeconds = Math.min(...asking.flatMap(({ asksUnread }) => asksUnread?.watchSeconds ?? []));
  const asked = new Set(asking.flatMap(({ conversationId }) => drafts.get(conversationId) ?? []));
  if (asked.size === 0) return;
  const conversations = [...asked].map(({ stored }) => stored);
  const oldest = `SELECT conversation_id, seq, created_at FROM entry
    WHERE conversation_id = ? AND seq > ? AND removed_at IS NULL AND ${CLIENT_UNREAD} ORDER BY seq LIMIT 1`;
  const rows = await manager.query<{ conversation_id: string; seq: number; created_at: number }[]>(
    conversations.map((_, index) => `SELECT * FROM (${oldest}) AS part_${index}`).join(' UNION ALL '),
    conversations.flatMap(({ id, progress }) => [id, progress.client.read]),
  );
  const watching = await manager.query<{ person_id: string }[]>(
    `SELECT person_id FROM watch_presence WHERE person_id IN (${conversations.map(() => '?').join(', ')})
       AND seen_at > ${dialect.now(clock)} - ?`,
    [...conversations.map(({ client }) => client.id), Math.round(watchSeconds * 1_000_000)],
  );
  const seqs = new Map(
    rows.map((row) => [row.conversation_id, { seq: Number(row.seq), createdAt: Number(row.created_at) }]),
  );
  const present = new Set(watching.map(({ person_id: personId }) => personId));
  for (const draft of asked) {
    const { id, client } = draft.stored;
    draft.unread = { oldest: seqs.get(id) ?? null, clientWatches: present.has(client.id) };
  }
}

/** The cases that requests name, in one statement. Of another conversation they are as good as none. */
export async function loadCases(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  drafts: Map<string, Draft>,
): Promise<void> {
  const ids = [...new Set(requests.flatMap(({ caseId }) => caseId ?? []))];
  if (ids.length === 0) return;
  const rows = await manager.query<CaseRow[]>(
    `SELECT support_case.*, case_waiting_since
     FROM support_case JOIN conversation ON conversation.id = conversation_id
     WHERE support_case.id IN (${ids.map(() => '?').join(', ')})`,
    ids,
  );
  for (const row of rows) drafts.get(row.conversation_id)?.storedCases.set(row.id, toKeptCase(row));
}

interface Select {
  readonly sql: string;
  readonly params: readonly unknown[];
}

function aroundTargets(id: string, seqs: readonly number[]): Select[] {
  const enough = seqs.length + 1;
  const one = (where: string, order: string, params: readonly unknown[]): Select => ({
    sql: `SELECT * FROM entry WHERE conversation_id = ? AND ${where} ORDER BY seq ${order} LIMIT ${enough}`,
    params: [id, ...params],
  });
  const fromClient = "kind = 'message' AND author_side = 'client' AND removed_at IS NULL";
  return [
    one(`seq IN (${seqs.map(() => '?').join(', ')})`, 'ASC', seqs),
    one("kind IN ('message', 'system_message') AND removed_at IS NULL", 'DESC', []),
    ...seqs.map((seq) => one(`seq > ? AND ${fromClient}`, 'ASC', [seq])),
  ];
}
