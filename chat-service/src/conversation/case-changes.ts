import { ChatError } from '../chat-error.js';
import type { Person } from '../identity/caller.js';
import { append, rowChange, type Change, type Conversation, type Situation } from './conversation.js';
import type { Assignee, Author, Micros } from './entry.js';
import type { CaseChange, CaseView, OpenCase, Topic } from './support-case.js';

/** Which case a page means, and the revision it showed. */
export interface SeenCase {
  readonly caseId: string;
  readonly revision: number;
}

/** A change that an administrator asks for by name. */
interface CaseCommand {
  readonly seen: SeenCase;
  readonly admin: Person;
  readonly requestId: string;
}

export function assigneeOf(person: Person): Assignee {
  return { id: person.id, displayName: person.displayName };
}

export function supportAuthor(admin: Person): Author {
  return { side: 'support', id: admin.id, displayName: admin.displayName };
}

/** The case as entries and answers show it. */
export function viewOf({ answered: _, ...view }: OpenCase): CaseView {
  return view;
}

/** The winner of a race, for the loser's page. */
function winner(assignee: Assignee): Record<string, string> {
  return { assignee_id: assignee.id, assignee_name: assignee.displayName };
}

export function caseTaken(assignee: Assignee): ChatError {
  return new ChatError('aborted', 'CASE_TAKEN', `${assignee.displayName} took this conversation.`, {
    facts: winner(assignee),
  });
}

export function caseAssigned(assignee: Assignee): ChatError {
  return new ChatError(
    'failed-precondition',
    'CASE_ASSIGNED',
    `This conversation is with ${assignee.displayName}. Take it over first, or add a note.`,
    { facts: winner(assignee) },
  );
}

/** The open case that a request names; it must not have been closed meanwhile. */
function openCaseOf(conversation: Conversation, seen: SeenCase): OpenCase {
  const { openCase } = conversation;
  if (openCase?.id !== seen.caseId) {
    throw new ChatError('failed-precondition', 'CASE_CLOSED', 'This case is closed. Load the conversation again.');
  }
  return openCase;
}

/** Compare-and-set: refuses a change that was asked for on an older revision. */
function mustBeCurrent(openCase: OpenCase, seen: SeenCase, admin: Person): void {
  if (openCase.revision === seen.revision) return;
  if (openCase.assignee !== null && openCase.assignee.id !== admin.id) throw caseTaken(openCase.assignee);
  throw new ChatError('aborted', 'CASE_CHANGED', 'This case has changed since your page showed it. Look at it again.');
}

/** The row of a case after a change; what is not in `news` stays as it is. */
export function caseRow(view: CaseView, news: Partial<Omit<CaseChange, 'view'>>): CaseChange {
  return {
    opened: false,
    view,
    firstAssignedAt: null,
    firstAnsweredAt: null,
    closedAt: null,
    closedBy: null,
    closeReason: null,
    rating: null,
    ...news,
  };
}

/** A new case on a conversation that has none, with its entry. */
export function openCase(
  change: Change,
  opening: {
    now: Micros;
    caseId: string;
    topic: Topic;
    author: Author;
    assignee: Assignee | null;
    requestId: string | null;
  },
): Change {
  const { now, assignee } = opening;
  const number = change.conversation.lastCaseNumber + 1;
  const opened: OpenCase = {
    id: opening.caseId,
    number,
    topic: opening.topic,
    status: assignee === null ? 'waiting' : 'assigned',
    assignee,
    revision: 1,
    openedAt: now,
    waitingSince: assignee === null ? now : null,
    answered: false,
  };
  const withCase: Change = {
    ...change,
    conversation: { ...change.conversation, openCase: opened, lastCaseNumber: number },
    cases: [
      ...change.cases,
      caseRow(viewOf(opened), { opened: true, firstAssignedAt: assignee === null ? null : now }),
    ],
  };
  return append(withCase, {
    now,
    caseId: opened.id,
    author: opening.author,
    requestId: opening.requestId,
    content: { kind: 'case_opened', case: viewOf(opened) },
  });
}

/** A waiting case becomes `admin`'s, with its entry. */
export function assign(
  change: Change,
  waiting: OpenCase,
  admin: Person,
  now: Micros,
  requestId: string | null,
): Change {
  const assigned: OpenCase = {
    ...waiting,
    status: 'assigned',
    assignee: assigneeOf(admin),
    waitingSince: null,
    revision: waiting.revision + 1,
  };
  return append(withOpenCase(change, assigned, { firstAssignedAt: now }), {
    now,
    caseId: assigned.id,
    author: supportAuthor(admin),
    requestId,
    content: { kind: 'case_assigned', case: viewOf(assigned) },
  });
}

function withOpenCase(change: Change, openCase: OpenCase, times: Partial<Omit<CaseChange, 'view'>>): Change {
  return {
    ...change,
    conversation: { ...change.conversation, openCase },
    cases: [...change.cases, caseRow(viewOf(openCase), times)],
  };
}

/** Notes that support has written in its case for the first time. */
export function markAnswered(change: Change, now: Micros): Change {
  const { openCase } = change.conversation;
  if (openCase === null || openCase.answered) return change;
  return withOpenCase(change, { ...openCase, answered: true }, { firstAnsweredAt: now });
}

/** An administrator opens a case with a client and has it. */
export function openByAdmin(
  { conversation, now }: Situation,
  command: { admin: Person; caseId: string; topic: Topic; requestId: string },
): Change {
  const { admin } = command;
  if (conversation.openCase !== null) {
    const { assignee } = conversation.openCase;
    throw new ChatError('failed-precondition', 'CASE_OPEN', 'This client already has an open case. Use that one.', {
      facts: { case_id: conversation.openCase.id, ...(assignee === null ? {} : winner(assignee)) },
    });
  }
  return openCase(rowChange(conversation, {}), {
    now,
    caseId: command.caseId,
    topic: command.topic,
    author: supportAuthor(admin),
    assignee: assigneeOf(admin),
    requestId: command.requestId,
  });
}

/** WAITING → the caller's; never from another administrator. Null: it is theirs already. */
export function claim({ conversation, now }: Situation, { seen, admin, requestId }: CaseCommand): Change | null {
  const current = openCaseOf(conversation, seen);
  if (current.assignee?.id === admin.id) return null;
  if (current.assignee !== null) throw caseTaken(current.assignee);
  mustBeCurrent(current, seen, admin);
  return assign(rowChange(conversation, {}), current, admin, now, requestId);
}

/** An assigned case to any administrator. Null: it is with them already. */
export function transfer(
  { conversation, now }: Situation,
  { seen, admin, requestId, to }: CaseCommand & { to: Person },
): Change | null {
  const current = openCaseOf(conversation, seen);
  const from = current.assignee;
  if (from?.id === to.id) return null;
  mustBeCurrent(current, seen, admin);
  if (from === null) {
    throw new ChatError('failed-precondition', 'CASE_WAITING', 'Nobody has this case yet. Claim it instead.');
  }
  const transferred: OpenCase = { ...current, assignee: assigneeOf(to), revision: current.revision + 1 };
  return append(withOpenCase(rowChange(conversation, {}), transferred, {}), {
    now,
    caseId: transferred.id,
    author: supportAuthor(admin),
    requestId,
    content: { kind: 'case_transferred', case: viewOf(transferred), from },
  });
}

/** Back to waiting, by its assignee or a supervisor; the client keeps its place. Null: it waits already. */
export function release({ conversation, now }: Situation, { seen, admin, requestId }: CaseCommand): Change | null {
  const current = openCaseOf(conversation, seen);
  const from = current.assignee;
  if (from === null) return null;
  mustBeCurrent(current, seen, admin);
  if (from.id !== admin.id && admin.role !== 'supervisor') throw caseAssigned(from);
  const released: OpenCase = {
    ...current,
    status: 'waiting',
    assignee: null,
    waitingSince: now,
    revision: current.revision + 1,
  };
  return append(withOpenCase(rowChange(conversation, {}), released, {}), {
    now,
    caseId: released.id,
    author: supportAuthor(admin),
    requestId,
    content: { kind: 'case_released', case: viewOf(released), from },
  });
}

/**
 * Closes by its assignee, or by anyone while it waits, unless the client wrote beyond `seenSeq`. What its administrator
 * saw counts as read, and nobody waits for a word any more.
 */
export function close(
  situation: Situation,
  { seen, admin, requestId, seenSeq, reason }: CaseCommand & { seenSeq: number; reason: string },
): Change {
  const { conversation, now } = situation;
  const current = openCaseOf(conversation, seen);
  mustBeCurrent(current, seen, admin);
  if (current.assignee !== null && current.assignee.id !== admin.id) throw caseAssigned(current.assignee);
  const seenUpTo = Math.min(seenSeq, conversation.lastSeq);
  if (situation.unreadAfter('support', seenUpTo) > 0) {
    throw new ChatError(
      'failed-precondition',
      'UNSEEN_MESSAGE',
      'The client has written meanwhile. Read it, then close the case.',
    );
  }
  const closed: CaseView = {
    ...viewOf(current),
    status: 'closed',
    assignee: null,
    waitingSince: null,
    revision: current.revision + 1,
  };
  const { support } = conversation.progress;
  const read = Math.max(support.read, seenUpTo);
  const change = rowChange(conversation, {
    openCase: null,
    awaitingSince: null,
    progress: {
      ...conversation.progress,
      support: { delivered: Math.max(support.delivered, read), read, unread: 0 },
    },
  });
  return append(
    { ...change, cases: [caseRow(closed, { closedAt: now, closedBy: admin.id, closeReason: reason })] },
    {
      now,
      caseId: closed.id,
      author: supportAuthor(admin),
      requestId,
      content: { kind: 'case_closed', case: closed, reason },
    },
  );
}
