import { ChatError } from '../chat-error.js';

/** Cursors of one Watch. */
const MOST = 64;

/**
 * The conversations that a request is about: its `conversation_id`, or those of its `cursors`. `all` when it asks for the
 * inbox, and when it has no field that could say which.
 */
export function namedConversations(request: unknown): 'all' | readonly string[] {
  if (typeof request !== 'object' || request === null) return 'all';
  if ('inbox' in request && request.inbox !== false) return 'all';
  if ('cursors' in request && Array.isArray(request.cursors)) {
    const cursors: readonly unknown[] = request.cursors;
    if (cursors.length > MOST) {
      throw new ChatError('invalid-argument', 'INVALID_FIELD', `A Watch follows at most ${MOST} conversations.`, {
        facts: { field: 'cursors' },
      });
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
