import { invalidField } from '../chat-error.js';

/** The most conversations that one Watch names. */
export const MOST_CURSORS = 64;

/**
 * The conversations that a request is about: its `conversation_id`, or those of its `cursors`. `all` when it asks for the
 * inbox, and when it has no field that could say which.
 */
export function namedConversations(request: unknown): 'all' | readonly string[] {
  if (typeof request !== 'object' || request === null) return 'all';
  if ('inbox' in request && request.inbox !== false) return 'all';
  if ('cursors' in request && Array.isArray(request.cursors)) {
    const cursors: readonly unknown[] = request.cursors;
    if (cursors.length > MOST_CURSORS) {
      throw invalidField('cursors', `a watch names at most ${MOST_CURSORS} conversations.`);
    }
    const named = cursors.map(namedConversation);
    return named.every((id) => id !== undefined) ? named : 'all';
  }
  const named = namedConversation(request);
  return named === undefined ? 'all' : [named];
}

function namedConversation(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('conversationId' in message)) return undefined;
  return String(message.conversationId);
}
