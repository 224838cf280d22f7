import { ChatError } from '../chat-error.js';
import { caseRow } from './case-changes.js';
import { append, rowChange, type Change, type Situation } from './conversation.js';
import type { Author } from './entry.js';
import type { Rating } from './support-case.js';

/** The client's word on the case that the request named, once it is closed. Null: it has this very rating already. */
export function rateCase(
  { conversation, now, namedCase }: Situation,
  { author, requestId, rating }: { readonly author: Author; readonly requestId: string; readonly rating: Rating },
): Change | null {
  const kept = namedCase();
  if (kept === undefined) {
    throw new ChatError('not-found', 'CASE_NOT_FOUND', 'This conversation has no such case.');
  }
  const { view, rating: before } = kept;
  if (view.status !== 'closed') {
    throw new ChatError('failed-precondition', 'CASE_NOT_CLOSED', 'A case is rated once it is closed.');
  }
  if (before !== null) {
    if (before.stars === rating.stars && before.comment === rating.comment) return null;
    throw new ChatError('failed-precondition', 'CASE_RATED', 'This case has a rating already, and it stays.');
  }
  const change = { ...rowChange(conversation, {}), cases: [caseRow(view, { rating })] };
  return append(change, {
    now,
    caseId: view.id,
    author,
    requestId,
    content: { kind: 'case_rated', case: view, rating: rating.stars, comment: rating.comment },
  });
}
