import { ChatError } from '../chat-error.js';
import { append, rowChange, type Change, type Conversation, type Situation } from './conversation.js';
import { countsAsUnread, previewOf, type Author, type Entry, type EntryContent, type Micros } from './entry.js';

/** How long its author may change a message, in microseconds. */
export const CHANGEABLE_FOR: Micros = 15 * 60 * 1_000_000;

type Message = Extract<EntryContent, { kind: 'message' }>;

interface TargetCommand {
  readonly author: Author;
  readonly requestId: string;
}

/** One's own message gets another text. Null: it has that text already. */
export function editMessage(situation: Situation, command: TargetCommand & { readonly text: string }): Change | null {
  const { conversation, now } = situation;
  const target = ownRecent(situation, command.author);
  if (target.message.removedAt !== null) {
    throw new ChatError('failed-precondition', 'MESSAGE_GONE', 'This message was removed. Write a new one.');
  }
  if (target.message.text === command.text) return null;
  const newest = situation.newestBesideTarget();
  const preview =
    newest !== undefined && newest.seq > target.entry.seq ? conversation.preview : previewOf(command.text);
  const change = written(rowChange(conversation, { preview }), command, now, 'message_edited', target.entry.seq);
  const editedAt = timeOf(change);
  return { ...change, messages: [{ ...target.entry, content: { ...target.message, text: command.text, editedAt } }] };
}

/**
 * One's own message goes, with its text. It is unread no more, and a client who took back all that support owed a word
 * on waits no more. Null: it is gone already.
 */
export function removeMessage(situation: Situation, command: TargetCommand): Change | null {
  const { conversation, now } = situation;
  const { entry, message } = ownRecent(situation, command.author);
  if (message.removedAt !== null) return null;
  const row = rowChange(conversation, {
    preview: previewWithout(entry, situation),
    awaitingSince: awaitingWithout(entry, situation),
    progress: progressWithout(entry, conversation),
  });
  const change = written(row, command, now, 'message_removed', entry.seq);
  const removedAt = timeOf(change);
  return { ...change, messages: [{ ...entry, content: { ...message, text: '', removedAt } }] };
}

function ownRecent({ target, now }: Situation, author: Author): { readonly entry: Entry; readonly message: Message } {
  const entry = target();
  if (entry?.content.kind !== 'message') {
    throw new ChatError('not-found', 'MESSAGE_NOT_FOUND', 'There is no message of that number.');
  }
  if (entry.author.side !== author.side || entry.author.id !== author.id) {
    throw new ChatError('permission-denied', 'NOT_YOUR_MESSAGE', 'Only its author may change a message.');
  }
  if (now - entry.createdAt > CHANGEABLE_FOR) {
    throw new ChatError('failed-precondition', 'TOO_LATE', 'A message can be changed for 15 minutes only.');
  }
  return { entry, message: entry.content };
}

function written(
  change: Change,
  { author, requestId }: TargetCommand,
  now: Micros,
  kind: 'message_edited' | 'message_removed',
  targetSeq: number,
): Change {
  return append(change, { now, caseId: null, author, requestId, content: { kind, targetSeq } });
}

/** Of the entry that tells of it: what a page compares to know whether it has the newest text. */
function timeOf({ entries }: Change): Micros {
  return entries[0]?.createdAt ?? 0;
}

function previewWithout({ seq }: Entry, { conversation, newestBesideTarget }: Situation): string {
  const newest = newestBesideTarget();
  if (newest !== undefined && newest.seq > seq) return conversation.preview;
  return newest !== undefined && 'text' in newest.content ? previewOf(newest.content.text) : '';
}

/** `awaitingSince` is the time of the oldest message that waits for a word. */
function awaitingWithout({ author, createdAt }: Entry, { conversation, nextFromClient }: Situation): Micros | null {
  const { awaitingSince } = conversation;
  if (author.side !== 'client' || awaitingSince === null || createdAt > awaitingSince) return awaitingSince;
  return createdAt < awaitingSince ? awaitingSince : (nextFromClient()?.createdAt ?? null);
}

function progressWithout(entry: Entry, { progress }: Conversation): Conversation['progress'] {
  const without = (side: 'client' | 'support') => {
    const before = progress[side];
    const wasUnread = entry.seq > before.read && countsAsUnread(side, entry);
    return wasUnread ? { ...before, unread: Math.max(0, before.unread - 1) } : before;
  };
  return { client: without('client'), support: without('support') };
}
