import type { Conversation } from '../conversation/conversation.js';
import type { Assignee, Author, Micros } from '../conversation/entry.js';
import type { CaseView } from '../conversation/support-case.js';

/** The parts of `data` that several announcements have, as proto/asyncapi.yaml publishes them. */

export function clientData({ id, login, displayName }: Conversation['client']) {
  return { id, login, display_name: displayName };
}

export function caseData({ id, number, revision, topic, status, assignee }: CaseView) {
  return { id, number, revision, topic, status, assignee: assignee === null ? null : assigneeData(assignee) };
}

export function assigneeData({ id, displayName }: Assignee) {
  return { id, display_name: displayName };
}

export function authorData({ side, id, displayName }: Author) {
  return { side, id, display_name: displayName };
}

/** RFC 3339 in UTC with all six digits of the microseconds. */
export function timestamp(micros: Micros): string {
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}
