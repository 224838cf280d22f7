import type { Conversation } from '../conversation/conversation.js';
import { newConversation } from '../conversation/conversation.js';
import { newId } from '../conversation/new-id.js';
import type { Assignee, Micros } from '../conversation/entry.js';
import { conversationColumns, conversationValues } from '../database/conversation-rows.js';
import type { Database } from '../database/database.js';

/** A conversation as a long life would have left it. */
export interface Life {
  readonly case: 'none yet' | 'waiting' | 'closed' | Assignee;
  readonly awaitingSince?: Micros | null;
  readonly lastEntryAt?: Micros;
}

export function conversationAfter(life: Life): Conversation {
  const id = newId();
  const conversation = newConversation(id, { id: `client-${id}`, login: id, displayName: 'Client' });
  if (life.case === 'none yet') return conversation;
  const lastEntryAt = life.lastEntryAt ?? 1_764_000_000_000_000;
  const assignee = typeof life.case === 'string' ? null : life.case;
  const openCase = {
    id: `case-${id}`,
    number: 1,
    topic: 'bill',
    status: assignee === null ? 'waiting' : 'assigned',
    assignee,
    revision: 1,
    openedAt: lastEntryAt,
    waitingSince: assignee === null ? lastEntryAt : null,
    answered: false,
  } as const;
  return {
    ...conversation,
    lastSeq: 2,
    lastEntryAt,
    awaitingSince: life.awaitingSince ?? null,
    lastCaseNumber: 1,
    openCase: life.case === 'closed' ? null : openCase,
  };
}

/** Writes the rows alone, many at a time. */
export async function storeConversations(database: Database, conversations: readonly Conversation[]): Promise<void> {
  const row = `(${conversationColumns.map(() => '?').join(', ')})`;
  for (let start = 0; start < conversations.length; start += 500) {
    const some = conversations.slice(start, start + 500);
    await database.write((manager) =>
      manager.query(
        `INSERT INTO conversation (${conversationColumns.join(', ')}) VALUES ${some.map(() => row).join(', ')}`,
        some.flatMap(conversationValues),
      ),
    );
  }
}
