import { invalidField } from '../chat-error.js';
import { viewOf, type SeenCase } from '../conversation/case-changes.js';
import type { ChangeRequest, ConversationLog } from '../conversation/conversation-log.port.js';
import type { Change, Situation } from '../conversation/conversation.js';
import type { Entry, EntryKind } from '../conversation/entry.js';
import { checkedId } from '../conversation/request-fields.js';
import type { CaseView } from '../conversation/support-case.js';
import type { Person } from '../identity/caller.js';

/** What every request that changes a case by name carries. */
export interface CaseRequest {
  readonly conversationId: string;
  readonly requestId: string;
  readonly seen: SeenCase;
}

/** The case as the change left it, and its entry; no entry when it held already. */
export interface CaseChanged {
  readonly view: CaseView;
  readonly entry: Entry | null;
}

export function checkedCaseRequest({ conversationId, requestId, seen }: CaseRequest): CaseRequest {
  if (seen.revision === 0) throw invalidField('revision', 'name the revision that your page showed, 1 or more.');
  return {
    conversationId: checkedId('conversation_id', conversationId),
    requestId: checkedId('request_id', requestId),
    seen: { caseId: checkedId('case_id', seen.caseId), revision: seen.revision },
  };
}

/** Asks the log for a case change and answers the case as this change, or the same one earlier, left it. */
export async function changeCase(
  log: ConversationLog,
  admin: Person,
  request: { readonly conversationId: string; readonly requestId: string },
  kind: EntryKind,
  decide: (situation: Situation) => Change | null,
  counts: ChangeRequest['counts'] = null,
): Promise<CaseChanged> {
  const { entry, conversation } = await log.change({
    conversationId: request.conversationId,
    authorId: admin.id,
    requestId: request.requestId,
    kind,
    bytes: 1_024,
    counts,
    decide,
  });
  if (entry !== null && 'case' in entry.content) return { view: entry.content.case, entry };
  if (conversation.openCase === null) throw new Error('A case change that held already left no open case');
  return { view: viewOf(conversation.openCase), entry: null };
}
