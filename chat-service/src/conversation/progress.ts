import { rowChange, type Change, type Progress, type Situation } from './conversation.js';
import type { Side } from './entry.js';

/**
 * Moves one side's cursors forward, never back and never past the head. Read moves only where `mayRead`: the client's
 * own page, or the assignee's. Null: nothing moves.
 */
export function markProgress(
  situation: Situation,
  command: { readonly side: Side; readonly deliveredSeq: number; readonly readSeq: number; readonly personId: string },
): Change | null {
  const { conversation } = situation;
  const { side } = command;
  const before = conversation.progress[side];
  const mayRead = side === 'client' || conversation.openCase?.assignee?.id === command.personId;
  const read = mayRead ? Math.max(before.read, Math.min(command.readSeq, conversation.lastSeq)) : before.read;
  const delivered = Math.max(
    before.delivered,
    Math.min(Math.max(command.deliveredSeq, command.readSeq), conversation.lastSeq),
  );
  if (read === before.read && delivered === before.delivered) return null;
  const unread = read === before.read ? before.unread : situation.unreadAfter(side, read);
  const after: Progress = { delivered, read, unread };
  return rowChange(conversation, { progress: { ...conversation.progress, [side]: after } });
}
