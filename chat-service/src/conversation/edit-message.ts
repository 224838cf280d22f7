import type { Person } from '../identity/caller.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Entry } from './entry.js';
import { editMessage } from './message-changes.js';
import { authorOf } from './messages.js';
import { checkedId, checkedSeq, checkedText } from './request-fields.js';

/** Gives one’s own message another text, within 15 minutes, once per request id. Null: it was so already. */
export class EditMessage {
  constructor(private readonly log: ConversationLog) {}

  async run(
    person: Person,
    request: { conversationId: string; requestId: string; targetSeq: number; text: string },
  ): Promise<Entry | null> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const requestId = checkedId('request_id', request.requestId);
    const targetSeq = checkedSeq('target_seq', request.targetSeq);
    const text = checkedText(request.text);
    const author = authorOf(person);
    const { entry } = await this.log.change({
      conversationId,
      authorId: person.id,
      requestId,
      kind: 'message_edited',
      bytes: 256 + 3 * text.length,
      counts: null,
      targetSeq,
      decide: (situation) => editMessage(situation, { author, requestId, text }),
    });
    return entry;
  }
}
