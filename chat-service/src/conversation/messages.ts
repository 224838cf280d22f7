import { isAdmin, type Person } from '../identity/caller.js';
import {
  assign,
  assigneeOf,
  caseAssigned,
  caseTaken,
  markAnswered,
  openCase,
  supportAuthor,
  type SeenCase,
} from './case-changes.js';
import { append, rowChange, type Change, type Situation } from './conversation.js';
import type { Author } from './entry.js';
import type { Topic } from './support-case.js';

/** A message somebody wants to send. `newCaseId` and `topic` serve when it opens a case. */
interface MessageCommand {
  readonly author: Person;
  readonly text: string;
  readonly requestId: string;
  readonly newCaseId: string;
  readonly topic: Topic;
}

function message(change: Change, author: Author, command: MessageCommand, now: number): Change {
  return append(change, {
    now,
    caseId: change.conversation.openCase?.id ?? null,
    author,
    requestId: command.requestId,
    content: { kind: 'message', text: command.text, editedAt: null, removedAt: null },
  });
}

/** Whoever writes, as an entry shows them. */
export function authorOf(person: Person): Author {
  return isAdmin(person) ? supportAuthor(person) : { side: 'client', id: person.id, displayName: person.displayName };
}

/** The client's message; without an open case it opens one that waits. */
export function sendAsClient({ conversation, now }: Situation, command: MessageCommand): Change {
  const { newCaseId, topic } = command;
  const author = authorOf(command.author);
  let change = rowChange(conversation, {});
  if (conversation.openCase === null) {
    change = openCase(change, { now, caseId: newCaseId, topic, author, assignee: null, requestId: null });
  }
  return message(change, author, command, now);
}

/**
 * An administrator's message: opens a case, claims the waiting one, or goes into their own; on a case of somebody else
 * nothing is written. Then `seen`, the case their page showed, tells a lost race from a case that was plainly not theirs.
 */
export function sendAsAdmin(
  { conversation, now }: Situation,
  command: MessageCommand & { readonly seen: SeenCase | null },
): Change {
  const { author: admin, seen, newCaseId, topic } = command;
  const current = conversation.openCase;
  const author = supportAuthor(admin);
  let change = rowChange(conversation, {});
  if (current === null) {
    change = openCase(change, { now, caseId: newCaseId, topic, author, assignee: assigneeOf(admin), requestId: null });
  } else if (current.assignee === null) {
    change = assign(change, current, admin, now, null);
  } else if (current.assignee.id !== admin.id) {
    const upToDate = seen?.caseId === current.id && seen.revision === current.revision;
    throw upToDate ? caseAssigned(current.assignee) : caseTaken(current.assignee);
  }
  return markAnswered(message(change, author, command, now), now);
}
