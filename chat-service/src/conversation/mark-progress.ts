import { isAdmin, type Person } from '../identity/caller.js';
import type { ConversationLog } from './conversation-log.port.js';
import { markProgress } from './progress.js';
import { checkedId } from './request-fields.js';

/** Moves the caller's side's cursors forward. Safe to repeat. */
export class MarkProgress {
  constructor(private readonly log: ConversationLog) {}

  async run(person: Person, request: { conversationId: string; deliveredSeq: number; readSeq: number }): Promise<void> {
    const { deliveredSeq, readSeq } = request;
    const side = isAdmin(person) ? 'support' : 'client';
    await this.log.change({
      conversationId: checkedId('conversation_id', request.conversationId),
      authorId: person.id,
      requestId: null,
      kind: null,
      bytes: 64,
      // What was only delivered changes no count.
      counts: readSeq === 0 ? null : { side, afterSeq: readSeq },
      decide: (situation) => markProgress(situation, { side, deliveredSeq, readSeq, personId: person.id }),
    });
  }
}
