import { ChatError } from '../chat-error.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Conversation } from './conversation.js';
import { checkedId } from './request-fields.js';

/** One conversation's row. */
export class GetConversation {
  constructor(private readonly log: ConversationLog) {}

  async run(conversationId: string): Promise<{ conversation: Conversation; epoch: string }> {
    const id = checkedId('conversation_id', conversationId);
    const [[conversation], epoch] = await Promise.all([this.log.conversations([id]), this.log.epoch()]);
    if (conversation === undefined) throw conversationNotFound();
    return { conversation, epoch };
  }
}

export function conversationNotFound(): ChatError {
  return new ChatError('not-found', 'CONVERSATION_NOT_FOUND', 'There is no such conversation.');
}
