import { openByAdmin } from '../conversation/case-changes.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import { newId } from '../conversation/new-id.js';
import { checkedId } from '../conversation/request-fields.js';
import type { Topic } from '../conversation/support-case.js';
import type { Person } from '../identity/caller.js';
import { changeCase, type CaseChanged } from './change-case.js';

/** A new case on a conversation that has none open, assigned to the caller. */
export class OpenCase {
  constructor(private readonly log: ConversationLog) {}

  async run(
    admin: Person,
    request: { readonly conversationId: string; readonly requestId: string; readonly topic: Topic },
  ): Promise<CaseChanged> {
    const conversationId = checkedId('conversation_id', request.conversationId);
    const requestId = checkedId('request_id', request.requestId);
    const caseId = newId();
    return changeCase(this.log, admin, { conversationId, requestId }, 'case_opened', (situation) =>
      openByAdmin(situation, { admin, caseId, topic: request.topic, requestId }),
    );
  }
}
