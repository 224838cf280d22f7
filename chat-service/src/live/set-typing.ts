import { conversationNotFound } from '../conversation/get-conversation.js';
import { checkedId } from '../conversation/request-fields.js';
import { isAdmin, type Person } from '../identity/caller.js';
import type { Hub } from './hub.js';

/** Typing is over when nothing more is heard for this long, in milliseconds. */
export const TYPING_LASTS = 5_000;

/** Somebody types or has stopped. An administrator's typing shows only where they may write at once. */
export class SetTyping {
  constructor(private readonly hub: Hub) {}

  async run(person: Person, request: { conversationId: string; typing: boolean }): Promise<void> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const row = await this.hub.row(conversationId);
    if (row === undefined) throw conversationNotFound();
    const assignee = row.openCase?.assignee ?? null;
    if (isAdmin(person) && assignee !== null && assignee.id !== person.id) return;
    const side = isAdmin(person) ? 'support' : 'client';
    const typist = { side, personId: person.id, displayName: person.displayName } as const;
    this.hub.typing(conversationId, typist, request.typing ? TYPING_LASTS : 0);
  }
}
