import { isAdmin, type Person } from '../identity/caller.js';
import type { SeenCase } from './case-changes.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Entry } from './entry.js';
import { sendAsAdmin, sendAsClient } from './messages.js';
import { newId } from './new-id.js';
import { checkedId, checkedText } from './request-fields.js';
import type { Topic } from './support-case.js';

/**
 * Writes a message, once per request id, and answers when it is committed. One that its sender gave up before it was
 * decided is not written: by now they may have been told otherwise by another replica (a case was somebody else's then).
 */
export class SendMessage {
  constructor(private readonly log: ConversationLog) {}

  async run(
    author: Person,
    request: { conversationId: string; requestId: string; text: string; topic: Topic; seen: SeenCase | null },
    isGivenUp: () => boolean = () => false,
  ): Promise<Entry> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const requestId = checkedId('request_id', request.requestId);
    const text = checkedText(request.text);
    if (request.seen !== null) checkedId('seen_case.case_id', request.seen.caseId);
    const command = { author, text, requestId, newCaseId: newId(), topic: request.topic };
    const { entry } = await this.log.change({
      conversationId,
      authorId: author.id,
      requestId,
      kind: 'message',
      bytes: 256 + 3 * text.length,
      counts: null,
      isGivenUp,
      decide: (situation) =>
        isAdmin(author) ? sendAsAdmin(situation, { ...command, seen: request.seen }) : sendAsClient(situation, command),
    });
    if (entry === null) throw new Error('A sent message left no entry');
    return entry;
  }
}
