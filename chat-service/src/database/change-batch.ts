import type { EntityManager } from 'typeorm';
import { outboxInsert } from './outbox.js';
import { announcementsFor, type AnnouncementSettings } from '../announcement/case-announcements.js';
import { replyAnnouncements } from '../announcement/reply-announcements.js';
import { ChatError } from '../chat-error.js';
import type { CommittedChange } from '../conversation/commit-listener.port.js';
import type { ChangeRequest, ChangeResult } from '../conversation/conversation-log.port.js';
import type { Change } from '../conversation/conversation.js';
import type { Entry } from '../conversation/entry.js';
import { situationOf, type Draft } from './batch-draft.js';
import {
  countUnread,
  findRepeats,
  loadCases,
  loadTargets,
  loadUnread,
  lockConversations,
  requestKey,
} from './batch-reads.js';
import { caseColumns, caseValues, changingCaseColumns, keptCaseColumns, mergeCaseChanges } from './case-rows.js';
import type { Clock } from './clock.js';
import { conversationColumns, conversationValues } from './conversation-rows.js';
import type { Dialect } from './dialect.js';
import { entryColumns, entryValues } from './entry-rows.js';

/** What a batch needs to know besides its requests. */
export interface BatchSettings extends AnnouncementSettings {
  readonly dialect: Dialect;
  readonly clock: Clock;
}

/** One request's end: its result, or why it was refused. */
export type Decision = { readonly result: ChangeResult } | { readonly refusal: unknown };

export interface BatchOutcome {
  /** In the order of the requests. */
  readonly decisions: Decision[];
  /** Each conversation that has news: changed now, or by an earlier try whose answer was lost. */
  readonly committed: CommittedChange[];
}

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
 * repeats, counts, messages and cases where a request needs them, and one for each kind of row there is to write.
 */
export async function runBatch(
  manager: EntityManager,
  requests: readonly ChangeRequest[],
  settings: BatchSettings,
): Promise<BatchOutcome> {
  const drafts = await lockConversations(manager, requests, settings);
  const repeats = await findRepeats(manager, requests);
  const counts = await countUnread(manager, requests, drafts);
  await loadTargets(manager, requests, drafts);
  await loadUnread(manager, requests, drafts, settings);
  await loadCases(manager, requests, drafts);

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

  const announced = await write(manager, [...drafts.values()], settings);
  const news = [...drafts.values()].filter(({ hasNews }) => hasNews);
  const committed = news.map(({ conversation, entries }) => ({
    conversation,
    entries,
    announced: announced.has(conversation.id),
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
  if (request.targetSeq !== undefined && !draft.targets.has(request.targetSeq)) {
    const text = 'Many messages of this conversation change at once. Nothing was written; try again shortly.';
    throw new ChatError('unavailable', 'OVERLOADED', text, { retryAfterMs: 200 });
  }
  if (request.isGivenUp?.() === true) {
    throw new ChatError(
      'unavailable',
      'NOT_COMMITTED_IN_TIME',
      'Its sender gave it up before it was decided. Nothing was written.',
    );
  }
  const change = request.decide(situationOf(draft, counts, request));
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
  for (const message of change.messages) {
    const added = draft.entries.findIndex(({ seq }) => seq === message.seq);
    if (added !== -1) draft.entries[added] = message;
    else {
      draft.messages.set(message.seq, message);
      draft.changed.add(message.seq);
    }
  }
}

/** Answers which conversations have rows in the outbox by it. */
async function write(manager: EntityManager, drafts: Draft[], settings: BatchSettings): Promise<Set<string>> {
  const { dialect } = settings;
  const changed = drafts.filter(({ conversation, stored }) => conversation.version !== stored.version);
  if (changed.length === 0) return new Set();

  const entries = changed.flatMap((draft) => draft.entries);
  if (entries.length > 0) {
    await manager.query(
      `INSERT INTO entry (${entryColumns.join(', ')}) VALUES ${placeholders(entries.length, entryColumns.length)}`,
      entries.flatMap(entryValues),
    );
  }

  const messages = changed.flatMap((draft) => [...draft.changed].flatMap((seq) => draft.messages.get(seq) ?? []));
  if (messages.length > 0) {
    const texts = ['body', 'edited_at', 'removed_at'].map((column) => `${column} = ${dialect.inserted(column)}`);
    await manager.query(
      `INSERT INTO entry (${entryColumns.join(', ')}) VALUES ${placeholders(messages.length, entryColumns.length)}
       ${dialect.onConflict(['conversation_id', 'seq'])} ${texts.join(', ')}`,
      // Without its request id it can only meet itself, by its seq.
      messages.flatMap((message) => entryValues({ ...message, requestId: null })),
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

  const announcements = changed.flatMap(({ conversation, stored, now, entries: written }) => [
    ...written.flatMap((entry) => announcementsFor(conversation, entry, settings)),
    ...replyAnnouncements(stored, conversation, now, settings),
  ]);
  if (announcements.length > 0) {
    const { sql, params } = outboxInsert(announcements);
    await manager.query(sql, params);
  }
  return new Set(announcements.map(({ conversationId }) => conversationId));
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
