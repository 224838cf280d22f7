import type { Conversation, Situation } from '../conversation/conversation.js';
import { countsAsUnread, type Entry, type Micros, type Side } from '../conversation/entry.js';
import type { OldestUnread } from '../conversation/unread-run.js';
import type { CaseChange, KeptCase } from '../conversation/support-case.js';

/** A conversation while the batch decides on it. */
export interface Draft {
  conversation: Conversation;
  readonly stored: Conversation;
  readonly now: Micros;
  readonly entries: Entry[];
  readonly cases: Map<string, CaseChange>;
  /** Stored cases that requests name, by id. */
  readonly storedCases: Map<string, KeptCase>;
  /** The seqs that requests name and of which all is known that a decision may ask. */
  readonly targets: Set<number>;
  /** Stored messages around them, by seq, as this batch has left them. */
  readonly messages: Map<number, Entry>;
  /** The seqs of those that it has changed. */
  readonly changed: Set<number>;
  /** As stored, where a request asks for it. */
  unread: OldestUnread | undefined;
  hasNews: boolean;
}

/** Names one count of `Situation.unreadAfter`. */
export const countKey = (conversationId: string, side: Side, seq: number): string =>
  `${conversationId}\n${side}\n${seq}`;

/** Counts are of stored entries; what this batch has added is counted here. */
export function situationOf(
  draft: Draft,
  counts: Map<string, number>,
  { targetSeq = 0, caseId = '' }: { readonly targetSeq?: number; readonly caseId?: string },
): Situation {
  const { conversation, stored, now, entries, messages } = draft;
  const texts = (): Entry[] => [...messages.values(), ...entries].filter(isText).sort((one, two) => one.seq - two.seq);
  return {
    conversation,
    now,
    unreadAfter(side, seq) {
      const added = entries.filter((entry) => entry.seq > seq && countsAsUnread(side, entry)).length;
      if (seq >= stored.lastSeq) return added;
      const count = counts.get(countKey(conversation.id, side, seq));
      if (count === undefined) throw new Error(`A change asked for a count that its request did not name`);
      return count + added - removedUnread(draft, side, seq);
    },
    namedCase: () => caseOf(draft, caseId),
    target: () => messages.get(targetSeq) ?? entries.find(({ seq }) => seq === targetSeq),
    newestBesideTarget: () => texts().findLast(({ seq }) => seq !== targetSeq),
    nextFromClient: () =>
      texts().find(
        ({ seq, content, author }) => seq > targetSeq && content.kind === 'message' && author.side === 'client',
      ),
    unreadNow: () => (conversation === stored ? draft.unread : undefined),
  };
}

/** As this batch has left it. */
function caseOf({ cases, storedCases }: Draft, caseId: string): KeptCase | undefined {
  const [changed, stored] = [cases.get(caseId), storedCases.get(caseId)];
  const view = changed?.view ?? stored?.view;
  return view === undefined ? undefined : { view, rating: changed?.rating ?? stored?.rating ?? null };
}

/** Of stored messages that counted as unread for `side` beyond `seq`, those that this batch has removed. */
function removedUnread({ changed, messages }: Draft, side: Side, afterSeq: number): number {
  const isGone = (seq: number): boolean => {
    const entry = messages.get(seq);
    if (seq <= afterSeq || entry?.content.kind !== 'message' || entry.content.removedAt === null) return false;
    return countsAsUnread(side, { ...entry, content: { ...entry.content, removedAt: null } });
  };
  return [...changed].filter(isGone).length;
}

/** Something that a person reads and that was not removed. */
function isText({ content }: Entry): boolean {
  return content.kind === 'system_message' || (content.kind === 'message' && content.removedAt === null);
}
