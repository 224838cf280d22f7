import { ConversationOwners } from '../identity/conversation-owners.port.js';
import type { Database } from './database.js';

/** Whose a conversation is, by its primary key. */
export class SqlConversationOwners extends ConversationOwners {
  constructor(private readonly database: Database) {
    super();
  }

  async ownerOf(conversationId: string): Promise<string | undefined> {
    const rows = await this.database.read<{ client_id: string }>('SELECT client_id FROM conversation WHERE id = ?', [
      conversationId,
    ]);
    return rows[0]?.client_id;
  }
}
