import type { ChatError } from '@energy-chat/client';
import type { Texts } from '../language/texts.js';

/** Reasons that have words of their own under `failure` in the texts. */
const KNOWN: ReadonlySet<string> = new Set([
  'CASE_TAKEN',
  'CASE_ASSIGNED',
  'MESSAGE_TOO_LONG',
  'THROTTLED',
  'SESSION_ENDED',
  'TOO_OLD',
]);

/** What happened and what to do, by the reason of the failure. */
export function failureText(texts: Texts, error: ChatError | undefined): string {
  const reason = error !== undefined && KNOWN.has(error.reason) ? error.reason : 'OTHER';
  return texts.say(`failure.${reason}`, { name: error?.facts['assignee_name'] ?? '' });
}

/** The same of a message that was to be edited or removed. */
export function changeFailureText(texts: Texts, { reason }: ChatError): string {
  return texts.say(`thread.changeFailed.${reason === 'TOO_LATE' || reason === 'MESSAGE_GONE' ? reason : 'OTHER'}`);
}
