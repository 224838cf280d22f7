import type { Person } from '../identity/caller.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Entry } from './entry.js';
import { removeMessage } from './message-changes.js';
import { authorOf } from './messages.js';
import { checkedId, checkedSeq } from './request-fields.js';

/** Takes one’s own message away, within 15 minutes, once per request id. Null: it was so already. */
export class RemoveMessage {
  constructor(private readonly log: ConversationLog) {}

  async run(
    person: Person,
    request: { conversationId: string; requestId: string; targetSeq: number },
  ): Promise<Entry | null> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const requestId = checkedId('request_id', request.requestId);
    const targetSeq = checkedSeq('target_seq', request.targetSeq);

    const author = authorOf(person);
    const { entry } = await this.log.change({
      conversationId,
      authorId: person.id,
      requestId,
      kind: 'message_removed',
      bytes: 256,
      counts: null,
      targetSeq,
      decide: (situation) => removeMessage(situation, { author, requestId }),
    });
    return entry;
  }
}
