import { ChatError } from '../chat-error.js';
import { transfer } from '../conversation/case-changes.js';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import { checkedId } from '../conversation/request-fields.js';
import { isAdmin, type Person } from '../identity/caller.js';
import type { People } from '../identity/people.port.js';
import { admittedPerson } from '../identity/person-record.js';
import { changeCase, checkedCaseRequest, type CaseChanged, type CaseRequest } from './change-case.js';

/** An assigned case goes to another administrator; to oneself it is "take over". */
export class TransferCase {
  constructor(
    private readonly log: ConversationLog,
    private readonly people: People,
  ) {}

  async run(admin: Person, request: CaseRequest & { readonly assigneeId: string }): Promise<CaseChanged> {
    const checked = checkedCaseRequest(request);
    const assigneeId = checkedId('assignee_id', request.assigneeId);
    const to = assigneeId === admin.id ? admin : await this.administrator(assigneeId);
    return changeCase(this.log, admin, checked, 'case_transferred', (situation) =>
      transfer(situation, { ...checked, admin, to }),
    );
  }

  private async administrator(id: string): Promise<Person> {
    const person = admittedPerson(await this.people.findById(id));
    if (person === undefined || !isAdmin(person)) {
      throw new ChatError('failed-precondition', 'NOT_AN_ADMINISTRATOR', 'A case can only go to an administrator.');
    }
    return person;
  }
}
