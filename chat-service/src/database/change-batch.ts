import type { EntityManager } from 'typeorm';
import { outboxInsert } from './outbox.js';
import { announcementsFor } from '../announcement/case-announcements.js';
import { ChatError } from '../chat-error.js';
import type { CommittedChange } from '../conversation/commit-listener.port.js';
import type { ChangeRequest, ChangeResult } from '../conversation/conversation-log.port.js';
import type { Change, Conversation, Situation } from '../conversation/conversation.js';
import { countsAsUnread, type Entry, type Micros, type Side } from '../conversation/entry.js';
import type { CaseChange } from '../conversation/support-case.js';
import { caseColumns, caseValues, changingCaseColumns, keptCaseColumns, mergeCaseChanges } from './case-rows.js';
import type { Clock } from './clock.js';
import { conversationColumns, conversationValues, toConversation, type ConversationRow } from './conversation-rows.js';
import type { Dialect } from './dialect.js';
import { entryColumns, entryValues, toEntry, type EntryRow } from './entry-rows.js';

/** What a batch needs to know besides its requests. */
export interface BatchSettings {
  readonly dialect: Dialect;
  readonly clock: Clock;
  /** The base of links in announcements; empty: none. */
  readonly adminPortalUrl: string;
}

/** One request's end: its result, or why it was refused. */
export type Decision = { readonly result: ChangeResult } | { readonly refusal: unknown };

export interface BatchOutcome {
  /** In the order of the requests. */
  readonly decisions: Decision[];
  /** Each conversation that has news: changed now, or by an earlier try whose answer was lost. */
  readonly committed: CommittedChange[];
}

/** A conversation while the batch decides on it. */
interface Draft {
  conversation: Conversation;
  readonly stored: Conversation;
  readonly now: Micros;
  readonly entries: Entry[];
  readonly cases: Map<string, CaseChange>;
  hasNews: boolean;
}

const requestKey = (request: { conversationId: string; authorId: string }, requestId: string): string =>
  `${request.conversationId}\n${request.authorId}\n${requestId}`;
const countKey = (conversationId: string, side: Side, seq: number): string => `${conversationId}\n${side}\n${seq}`;
const placeholders = (rows: number, columns: number): string =>
  Array(rows)
    .fill(`(${Array(columns).fill('?').join(', ')})`)
    .join(', ');

/**
 * Decides and writes up to 256 requests in the transaction of `manager`.
 *
 * Invariants: the conversations' rows are locked in id order before anything is decided, so batches cannot deadlock and
 * a decision sees all that came before it. A request whose id was written before, or earlier in this batch, writes
 * nothing. A refused request leaves nothing. The number of statements does not depend on the number of requests: lock,
 * repeats, counts where a request needs them, and one for each kind of row there is to write.
 */
export async function runBatch(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  settings: BatchSettings,
): Promise<BatchOutcome> {
  const drafts = await lockConversations(manager, requests, settings);
  const repeats = await findRepeats(manager, requests);
  const counts = await countUnread(manager, requests, drafts);

  const decisions = requests.map((request): Decision => {
    const draft = drafts.get(request.conversationId);
    if (draft === undefined) {
      return { refusal: new ChatError('not-found', 'CONVERSATION_NOT_FOUND', 'There is no such conversation.') };
    }
    try {
      return { result: decide(request, draft, repeats, counts) };
    } catch (error) {
      // Nothing of it is in the draft: a defect of one decision must not cost the others a transaction.
      return { refusal: error };
    }
  });

  await write(manager, [...drafts.values()], settings);
  const news = [...drafts.values()].filter(({ hasNews }) => hasNews);
  const committed = news.map(({ conversation, entries }) => ({
    conversation,
    entries,
    announced: entries.some((entry) => entry.content.kind.startsWith('case_')),
  }));
  return { decisions, committed };
}

function decide(
  request: ChangeRequest,
  draft: Draft,
  repeats: Map<string, Entry>,
  counts: Map<string, number>,
): ChangeResult {
  if (request.requestId !== null) {
    const earlier = repeats.get(requestKey(request, request.requestId));
    if (earlier !== undefined) {
      if (earlier.content.kind !== request.kind) {
        throw new ChatError(
          'invalid-argument',
          'REQUEST_ID_REUSED',
          'request_id: this id was used for another kind of request. Make a new one for every request.',
        );
      }
      draft.hasNews = true;
      return { entry: earlier, conversation: draft.conversation };
    }
  }
  const change = request.decide(situationOf(draft, counts));
  if (change === null) return { entry: null, conversation: draft.conversation };
  apply(change, draft);
  const asked = request.requestId === null ? undefined : change.entries.find((entry) => entry.requestId !== null);
  if (asked !== undefined && request.requestId !== null) repeats.set(requestKey(request, request.requestId), asked);
  return { entry: asked ?? null, conversation: draft.conversation };
}

function apply(change: Change, draft: Draft): void {
  draft.conversation = change.conversation;
  draft.hasNews = true;
  draft.entries.push(...change.entries);
  for (const next of change.cases) {
    const before = draft.cases.get(next.view.id);
    draft.cases.set(next.view.id, before === undefined ? next : mergeCaseChanges(before, next));
  }
}

/** Counts are of stored entries; what this batch has added is counted here. */
function situationOf(draft: Draft, counts: Map<string, number>): Situation {
  const { conversation, stored, now, entries } = draft;
  return {
    conversation,
    now,
    unreadAfter(side, seq) {
      const added = entries.filter((entry) => entry.seq > seq && countsAsUnread(side, entry)).length;
      if (seq >= stored.lastSeq) return added;
      const count = counts.get(countKey(conversation.id, side, seq));
      if (count === undefined) throw new Error(`A change asked for a count that its request did not name`);
      return count + added;
    },
  };
}

async function lockConversations(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  { dialect, clock }: BatchSettings,
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
        hasNews: false,
      };
      return [row.id, draft];
    }),
  );
}

async function findRepeats(manager: EntityManager, requests: readonly ChangeRequest[]): Promise<Map<string, Entry>> {
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

/** One statement for all counts that the requests may ask for; a count beyond the stored head is 0 and asks nothing. */
async function countUnread(
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
       AND ${side === 'client' ? "((kind = 'message' AND author_side = 'support') OR kind = 'system_message')" : "kind = 'message' AND author_side = 'client'"}`;
  const rows = await manager.query<{ count_key: string; unread: number }[]>(
    [...asked.values()].map(({ side }) => select(side)).join(' UNION ALL '),
    [...asked].flatMap(([key, { conversationId, afterSeq }]) => [key, conversationId, afterSeq]),
  );
  return new Map(rows.map((row) => [row.count_key, Number(row.unread)]));
}

async function write(
  manager: EntityManager,
  drafts: Draft[],
  { dialect, adminPortalUrl }: BatchSettings,
): Promise<void> {
  const changed = drafts.filter(({ conversation, stored }) => conversation.version !== stored.version);
  if (changed.length === 0) return;

  const entries = changed.flatMap((draft) => draft.entries);
  if (entries.length > 0) {
    await manager.query(
      `INSERT INTO entry (${entryColumns.join(', ')}) VALUES ${placeholders(entries.length, entryColumns.length)}`,
      entries.flatMap(entryValues),
    );
  }

  const assignments = conversationColumns.slice(1).map((column) => `${column} = ${dialect.inserted(column)}`);
  await manager.query(
    `INSERT INTO conversation (${conversationColumns.join(', ')})
     VALUES ${placeholders(changed.length, conversationColumns.length)}
     ${dialect.onConflict(['id'])} ${assignments.join(', ')}`,
    changed.flatMap(({ conversation }) => conversationValues(conversation)),
  );

  const cases = changed.flatMap(({ conversation, cases: changes }) =>
    [...changes.values()].map((change) => ({ change, values: caseValues(conversation.id, change) })),
  );
  await updateCases(
    manager,
    dialect,
    cases.filter(({ change }) => !change.opened).flatMap(({ values }) => values),
  );
  const opened = cases.filter(({ change }) => change.opened);
  if (opened.length > 0) {
    await manager.query(
      `INSERT INTO support_case (${caseColumns.join(', ')}) VALUES ${placeholders(opened.length, caseColumns.length)}`,
      opened.flatMap(({ values }) => values),
    );
  }

  const announcements = changed.flatMap(({ conversation, entries: written }) =>
    written.flatMap((entry) => announcementsFor(conversation, entry, { adminPortalUrl })),
  );
  if (announcements.length > 0) {
    const { sql, params } = outboxInsert(announcements);
    await manager.query(sql, params);
  }
}

/** Cases that exist: their status moves on, their first times stay. Runs before new cases are inserted. */
async function updateCases(manager: EntityManager, dialect: Dialect, values: unknown[]): Promise<void> {
  if (values.length === 0) return;
  const assignments = [
    ...changingCaseColumns.map((column) => `${column} = ${dialect.inserted(column)}`),
    ...keptCaseColumns.map((column) => `${column} = COALESCE(support_case.${column}, ${dialect.inserted(column)})`),
  ];
  await manager.query(
    `INSERT INTO support_case (${caseColumns.join(', ')})
     VALUES ${placeholders(values.length / caseColumns.length, caseColumns.length)}
     ${dialect.onConflict(['id'])} ${assignments.join(', ')}`,
    values,
  );
}
