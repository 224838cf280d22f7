import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Entry } from '../conversation/entry.js';
import { newId } from '../conversation/new-id.js';
import { systemAuthor, writeSystemMessage } from '../conversation/system-messages.js';
import type { Languages } from '../identity/languages.port.js';
import type { Recipients } from './recipients.port.js';
import { requestIdOf, textFor, type Recipient, type SystemEvent } from './system-event.js';

/** Writes a system message to one recipient's thread, once per source and event id, in the language they read. */
export class DeliverSystemMessage {
  constructor(
    private readonly log: ConversationLog,
    private readonly recipients: Recipients,
    private readonly languages: Languages,
    private readonly defaultLanguage: string,
  ) {}

  /** Undefined: the platform has no such client. Throws when the log or the platform is away. */
  async run(
    event: Omit<SystemEvent, 'recipients'>,
    shownName: string,
    recipient: Recipient,
  ): Promise<Entry | undefined> {
    const found = await this.conversationOf(recipient);
    if (found === undefined) return undefined;
    const requestId = requestIdOf(event.eventId);
    const author = systemAuthor(event.source, shownName);
    const text = textFor(event.texts, await this.languages.languageOf(found.clientId), this.defaultLanguage);
    const { severity, link, needsAttention } = event;
    const newCaseId = newId();
    const { entry } = await this.log.change({
      conversationId: found.conversationId,
      authorId: author.id,
      requestId,
      kind: 'system_message',
      bytes: 512 + 3 * text.length,
      background: true,
      counts: null,
      decide: (situation) =>
        writeSystemMessage(situation, { author, requestId, text, severity, link, needsAttention, newCaseId }),
    });
    if (entry === null) throw new Error('A system message left no entry');
    return entry;
  }

  /** A client whom the chat knows is not asked for again. */
  private async conversationOf(recipient: Recipient) {
    const known = recipient.by === 'client_id' ? await this.log.conversationIdOf(recipient.value) : undefined;
    if (known !== undefined) return { conversationId: known, clientId: recipient.value };
    const client = await this.recipients.find(recipient);
    if (client === undefined) return undefined;
    const { id, login, displayName } = client;
    return { conversationId: (await this.log.conversationOf({ id, login, displayName })).id, clientId: id };
  }
}
