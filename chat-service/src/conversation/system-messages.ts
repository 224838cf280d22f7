import { openCase } from './case-changes.js';
import { append, rowChange, type Change, type Situation } from './conversation.js';
import type { Author, Severity } from './entry.js';

/** How an entry shows the system that wrote it. `source` has at most 57 characters, so that the id is one. */
export function systemAuthor(source: string, shownName: string): Author {
  return { side: 'system', id: `system:${source}`, displayName: shownName };
}

/** What an internal service tells a client. It belongs to the open case; where none is, it opens one only if it must be looked at. */
export function writeSystemMessage(
  { conversation, now }: Situation,
  command: {
    readonly author: Author;
    readonly requestId: string;
    readonly text: string;
    readonly severity: Severity;
    readonly link: string;
    readonly needsAttention: boolean;
    readonly newCaseId: string;
  },
): Change {
  const { author, requestId, text, severity, link, newCaseId: caseId } = command;
  let change = rowChange(conversation, {});
  if (command.needsAttention && conversation.openCase === null) {
    change = openCase(change, { now, caseId, topic: 'other', author, assignee: null, requestId: null });
  }
  return append(change, {
    now,
    caseId: change.conversation.openCase?.id ?? null,
    author,
    requestId,
    content: { kind: 'system_message', text, severity, link },
  });
}
