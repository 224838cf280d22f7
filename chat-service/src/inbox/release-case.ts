import { release } from '../conversation/case-changes.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import type { Person } from '../identity/caller.js';
import { changeCase, checkedCaseRequest, type CaseChanged, type CaseRequest } from './change-case.js';

/** A case goes back to waiting. */
export class ReleaseCase {
  constructor(private readonly log: ConversationLog) {}

  async run(admin: Person, request: CaseRequest): Promise<CaseChanged> {
    const checked = checkedCaseRequest(request);
    return changeCase(this.log, admin, checked, 'case_released', (situation) =>
      release(situation, { ...checked, admin }),
    );
  }
}
