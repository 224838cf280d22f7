import { claim } from '../conversation/case-changes.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Person } from '../identity/caller.js';
import { changeCase, checkedCaseRequest, type CaseChanged, type CaseRequest } from './change-case.js';

/** A waiting case becomes the caller's. */
export class ClaimCase {
  constructor(private readonly log: ConversationLog) {}

  async run(admin: Person, request: CaseRequest): Promise<CaseChanged> {
    const checked = checkedCaseRequest(request);
    return changeCase(this.log, admin, checked, 'case_assigned', (situation) =>
      claim(situation, { ...checked, admin }),
    );
  }
}
