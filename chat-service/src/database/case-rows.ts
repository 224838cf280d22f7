import type { CaseChange, CaseStatus, CaseView, KeptCase, Topic } from '../conversation/support-case.js';

/** A row of `support_case` as reads need it, with what the conversation's row knows of the case while it is open. */
export interface CaseRow {
  id: string;
  conversation_id: string;
  number: number;
  topic: Topic;
  status: CaseStatus;
  assignee_id: string | null;
  assignee_name: string | null;
  revision: number;
  opened_at: number;
  rating: number | null;
  rating_comment: string | null;
  case_waiting_since: number | null;
}

export const caseColumns = [
  'id',
  'conversation_id',
  'number',
  'topic',
  'status',
  'assignee_id',
  'assignee_name',
  'revision',
  'opened_at',
  'first_assigned_at',
  'first_answered_at',
  'closed_at',
  'closed_by',
  'close_reason',
  'rating',
  'rating_comment',
] as const;

/** Columns that an update replaces. */
export const changingCaseColumns = ['topic', 'status', 'assignee_id', 'assignee_name', 'revision'] as const;
/** Columns that are set once and kept. */
export const keptCaseColumns = [
  'first_assigned_at',
  'first_answered_at',
  'closed_at',
  'closed_by',
  'close_reason',
  'rating',
  'rating_comment',
] as const;

/** The row's values in the order of `caseColumns`. */
export function caseValues(conversationId: string, change: CaseChange): unknown[] {
  const { view } = change;
  return [
    view.id,
    conversationId,
    view.number,
    view.topic,
    view.status,
    view.assignee?.id ?? null,
    view.assignee?.displayName ?? null,
    view.revision,
    view.openedAt,
    change.firstAssignedAt,
    change.firstAnsweredAt,
    change.closedAt,
    change.closedBy,
    change.closeReason,
    change.rating?.stars ?? null,
    change.rating?.comment ?? null,
  ];
}

/** Two changes of one case in one transaction, as one. */
export function mergeCaseChanges(before: CaseChange, after: CaseChange): CaseChange {
  return {
    opened: before.opened,
    view: after.view,
    firstAssignedAt: before.firstAssignedAt ?? after.firstAssignedAt,
    firstAnsweredAt: before.firstAnsweredAt ?? after.firstAnsweredAt,
    closedAt: after.closedAt ?? before.closedAt,
    closedBy: after.closedBy ?? before.closedBy,
    closeReason: after.closeReason ?? before.closeReason,
    rating: after.rating ?? before.rating,
  };
}

export function toCaseView(row: CaseRow): CaseView {
  return {
    id: row.id,
    number: row.number,
    topic: row.topic,
    status: row.status,
    assignee:
      row.assignee_id === null ? null : { id: row.assignee_id, displayName: row.assignee_name ?? row.assignee_id },
    revision: row.revision,
    openedAt: row.opened_at,
    waitingSince: row.status === 'waiting' ? row.case_waiting_since : null,
  };
}

export function toKeptCase(row: CaseRow): KeptCase {
  const { rating, rating_comment: comment } = row;
  return { view: toCaseView(row), rating: rating === null ? null : { stars: rating, comment: comment ?? '' } };
}
