import { isAdmin, type Person } from '../identity/caller.js';
import type { ConversationLog } from './conversation-log.port.js';
import { rowChange } from './conversation.js';

/** Brings a client's login and display name on its conversation up to date, as the platform has them now. */
export class UpdateClientName {
  constructor(private readonly log: ConversationLog) {}

  async run(person: Person): Promise<void> {
    if (isAdmin(person)) return;
    const conversationId = await this.log.conversationIdOf(person.id);
    if (conversationId === undefined) return;
    const { id, login, displayName } = person;
    await this.log.change({
      conversationId,
      authorId: id,
      requestId: null,
      kind: null,
      bytes: 512,
      counts: null,
      decide: ({ conversation }) => {
        const { client } = conversation;
        const same = client.login === login && client.displayName === displayName;
        return same ? null : rowChange(conversation, { client: { id, login, displayName } });
      },
    });
  }
}
