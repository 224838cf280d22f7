import { ChatError, invalidField } from '../chat-error.js';
import { close } from '../conversation/case-changes.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Person } from '../identity/caller.js';
import { changeCase, checkedCaseRequest, type CaseChanged, type CaseRequest } from './change-case.js';

/** The longest reason, in UTF-16 units. */
const LONGEST_REASON = 500;

/** Closes a case, unless its client wrote what the page had not shown. */
export class CloseCase {
  constructor(private readonly log: ConversationLog) {}

  async run(
    admin: Person,
    request: CaseRequest & { readonly seenSeq: number; readonly reason: string },
  ): Promise<CaseChanged> {
    const checked = checkedCaseRequest(request);
    const { seenSeq, reason } = request;
    if (reason.length > LONGEST_REASON || !reason.isWellFormed()) {
      throw invalidField('reason', `a reason has at most ${LONGEST_REASON} characters.`);
    }
    try {
      return await changeCase(
        this.log,
        admin,
        checked,
        'case_closed',
        (situation) => close(situation, { ...checked, admin, seenSeq, reason }),
        { side: 'support', afterSeq: seenSeq },
      );
    } catch (error) {
      // Closed already, by whomever: what was asked for holds.
      if (!(error instanceof ChatError) || error.reason !== 'CASE_CLOSED') throw error;
      const view = await this.log.findCase(checked.conversationId, checked.seen.caseId);
      if (view?.status !== 'closed') throw error;
      return { view, entry: null };
    }
  }
}
