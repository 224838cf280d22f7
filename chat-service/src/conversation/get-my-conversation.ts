import type { Person } from '../identity/caller.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Conversation } from './conversation.js';

/** The client's own conversation, made on first use. */
export class GetMyConversation {
  constructor(private readonly log: ConversationLog) {}

  async run({ id, login, displayName }: Person): Promise<{ conversation: Conversation; epoch: string }> {
    const [conversation, epoch] = await Promise.all([
      this.log.conversationOf({ id, login, displayName }),
      this.log.epoch(),
    ]);
    return { conversation, epoch };
  }
}
