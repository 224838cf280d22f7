import { ChatError } from '../chat-error.js';
import type { GetMyConversation } from '../conversation/get-my-conversation.js';
import { newId } from '../conversation/new-id.js';
import type { SendMessage } from '../conversation/send-message.js';
import { type Caller, isAdmin, type Person } from '../identity/caller.js';
import type { People } from '../identity/people.port.js';
import { admittedPerson } from '../identity/person-record.js';
import { LONGEST_LOGIN, type OwnName } from './own-name.js';

/** A message by the first chat's contract: a client's goes into its conversation, an administrator names the client. */
export class SendFirstChatMessage {
  constructor(
    private readonly people: People,
    private readonly ownName: OwnName,
    private readonly conversations: GetMyConversation,
    private readonly send: SendMessage,
  ) {}

  /**
   * Answers when it is committed. The contract has no request id, so each try is a message of its own. Refuses with
   * NOT_YOUR_NAME, RECIPIENT_MISSING and RECIPIENT_UNKNOWN beside what `SendMessage` refuses.
   */
  async run(caller: Caller, { from, msg, to }: { from: string; msg: string; to: string }): Promise<void> {
    await this.ownName.check(caller, 'from', from);
    const client = isAdmin(caller) ? await this.recipient(to) : caller;
    const { conversation } = await this.conversations.run(client);
    await this.send.run(caller, {
      conversationId: conversation.id,
      requestId: newId(),
      text: msg,
      topic: 'other',
      seen: null,
    });
  }

  private async recipient(to: string): Promise<Person> {
    if (to === '') {
      throw new ChatError('failed-precondition', 'RECIPIENT_MISSING', 'to: name the client by their login.', {
        facts: { field: 'to' },
      });
    }
    const person = to.length > LONGEST_LOGIN ? undefined : admittedPerson(await this.people.findByLogin(to));
    if (person?.role !== 'client') {
      throw new ChatError('not-found', 'RECIPIENT_UNKNOWN', 'to: there is no client with this login.', {
        facts: { field: 'to', recipient: to.slice(0, LONGEST_LOGIN) },
      });
    }
    return person;
  }
}
