import { untracked } from '@angular/core';
import type { ChatError } from '@energy-chat/client';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';

/** Of a message to somebody else's client nothing was written: its text goes back to its author. */
const REFUSALS: ReadonlySet<string> = new Set(['CASE_TAKEN', 'CASE_ASSIGNED']);

/**
 * Puts messages that were refused because another administrator has the case back into the composer, in front of what
 * was written since, in the tab that they were written in. Answers the last refusal, or undefined when there was none.
 */
export function returnRefused(store: Pick<ConversationStore, 'pending' | 'draft' | 'discard'>): ChatError | undefined {
  const refused = store
    .pending()
    .filter(
      ({ state, error, isFromThisTab }) => isFromThisTab && state === 'failed' && REFUSALS.has(error?.reason ?? ''),
    );
  if (refused.length === 0) return undefined;
  return untracked(() => {
    const texts = [...refused.map(({ text }) => text), store.draft()];
    store.draft.set(texts.filter((text) => text !== '').join('\n'));
    for (const { requestId } of refused) store.discard(requestId);
    return refused.at(-1)?.error;
  });
}
