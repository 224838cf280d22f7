import { transfer } from '../conversation/case-changes.js';
import type { ChangeResult, ConversationLog } from '../conversation/conversation-log.port.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Entry } from '../conversation/entry.js';
import { EditMessage } from '../conversation/edit-message.js';
import { MarkProgress } from '../conversation/mark-progress.js';
import { newId } from '../conversation/new-id.js';
import { RateCase } from '../conversation/rate-case.js';
import { RemoveMessage } from '../conversation/remove-message.js';
import { SendMessage } from '../conversation/send-message.js';
import type { Person } from '../identity/caller.js';
import type { CaseChanged } from '../inbox/change-case.js';
import { ClaimCase } from '../inbox/claim-case.js';
import { CloseCase } from '../inbox/close-case.js';
import { OpenCase } from '../inbox/open-case.js';
import { ReleaseCase } from '../inbox/release-case.js';

/** What people do with the log of one replica, each on the conversation as their page showed it. */
export class Desk {
  constructor(private readonly log: ConversationLog) {}

  /** A client nobody knows yet, and their conversation. */
  async newClient(name = 'Mira Lang'): Promise<{ client: Person; id: string }> {
    const id = newId();
    const client: Person = { id: `client-${id}`, login: id, displayName: name, role: 'client' };
    const conversation = await this.log.conversationOf(client);
    return { client, id: conversation.id };
  }

  async conversation(id: string): Promise<Conversation> {
    const [conversation] = await this.log.conversations([id]);
    if (conversation === undefined) throw new Error(`There is no conversation ${id}`);
    return conversation;
  }

  entries(id: string): Promise<Entry[]> {
    return this.log.entriesAfter(id, 0, 10_000);
  }

  send(author: Person, conversationId: string, text = 'Hello', requestId = newId()): Promise<Entry> {
    const request = { conversationId, requestId, text, topic: 'bill' as const, seen: null };
    return new SendMessage(this.log).run(author, request);
  }

  edit(author: Person, conversationId: string, targetSeq: number, text: string, requestId = newId()) {
    return new EditMessage(this.log).run(author, { conversationId, requestId, targetSeq, text });
  }

  remove(author: Person, conversationId: string, targetSeq: number, requestId = newId()) {
    return new RemoveMessage(this.log).run(author, { conversationId, requestId, targetSeq });
  }

  rate(client: Person, conversationId: string, caseId: string, rating: number, comment = '', requestId = newId()) {
    return new RateCase(this.log).run(client, { conversationId, requestId, caseId, rating, comment });
  }

  open(admin: Person, conversationId: string, requestId = newId()): Promise<CaseChanged> {
    return new OpenCase(this.log).run(admin, { conversationId, requestId, topic: 'other' });
  }

  claim(admin: Person, page: Conversation, requestId = newId()): Promise<CaseChanged> {
    return new ClaimCase(this.log).run(admin, { ...shown(page), requestId });
  }

  release(admin: Person, page: Conversation, requestId = newId()): Promise<CaseChanged> {
    return new ReleaseCase(this.log).run(admin, { ...shown(page), requestId });
  }

  close(admin: Person, page: Conversation, reason = '', requestId = newId()): Promise<CaseChanged> {
    return new CloseCase(this.log).run(admin, { ...shown(page), requestId, seenSeq: page.lastSeq, reason });
  }

  transfer(admin: Person, page: Conversation, to: Person, requestId = newId()): Promise<ChangeResult> {
    const { conversationId, seen } = shown(page);
    return this.log.change({
      conversationId,
      authorId: admin.id,
      requestId,
      kind: 'case_transferred',
      bytes: 1_024,
      counts: null,
      decide: (situation) => transfer(situation, { seen, admin, requestId, to }),
    });
  }

  mark(person: Person, conversationId: string, deliveredSeq: number, readSeq: number): Promise<void> {
    return new MarkProgress(this.log).run(person, { conversationId, deliveredSeq, readSeq });
  }
}

function shown({ id, openCase }: Conversation) {
  if (openCase === null) throw new Error('This page shows no open case');
  return { conversationId: id, seen: { caseId: openCase.id, revision: openCase.revision } };
}
