import type { Change, Conversation, Situation } from '../conversation/conversation.js';
import { newConversation } from '../conversation/conversation.js';
import { countsAsUnread, type Entry, type EntryContent, type Micros } from '../conversation/entry.js';
import { sendAsAdmin, sendAsClient } from '../conversation/messages.js';
import type { CaseChange, KeptCase, OpenCase } from '../conversation/support-case.js';
import type { Person } from '../identity/caller.js';

export const mira: Person = { id: 'client-1', login: 'mira', displayName: 'Mira Lang', role: 'client' };
export const alma: Person = { id: 'admin-1', login: 'alma', displayName: 'Alma Berg', role: 'admin' };
export const ben: Person = { id: 'admin-2', login: 'ben', displayName: 'Ben Ochs', role: 'admin' };
export const vera: Person = { id: 'admin-3', login: 'vera', displayName: 'Vera Haas', role: 'supervisor' };

/** One conversation in memory: what the log is to the domain, without a database. */
export class Thread {
  conversation: Conversation = newConversation('conversation-1', mira);
  readonly entries: Entry[] = [];
  readonly cases: CaseChange[] = [];
  now: Micros = 1_764_000_000_000_000;
  clientWatches = false;
  private requests = 0;

  /** `targetSeq` and `caseId` as of ChangeRequest. */
  situation({ targetSeq = 0, caseId = '' } = {}): Situation {
    const { conversation, now, entries } = this;
    return {
      conversation,
      now,
      unreadAfter: (side, seq) => entries.filter((entry) => entry.seq > seq && countsAsUnread(side, entry)).length,
      namedCase: () => this.caseOf(caseId),
      target: () => entries[targetSeq - 1],
      newestBesideTarget: () => entries.findLast((entry) => entry.seq !== targetSeq && isShown(entry)),
      nextFromClient: () =>
        entries.find((entry) => entry.seq > targetSeq && isShown(entry) && entry.author.side === 'client'),
      unreadNow: () => ({
        oldest:
          entries.find((entry) => entry.seq > conversation.progress.client.read && countsAsUnread('client', entry)) ??
          null,
        clientWatches: this.clientWatches,
      }),
    };
  }

  /** Decides a second later, and keeps what was decided. */
  change<Decided extends Change | null>(
    decide: (situation: Situation) => Decided,
    named: { targetSeq?: number; caseId?: string } = {},
  ): Decided {
    this.now += 1_000_000;
    const change = decide(this.situation(named));
    if (change === null) return change;
    this.conversation = change.conversation;
    this.entries.push(...change.entries);
    for (const message of change.messages) this.entries[message.seq - 1] = message;
    this.cases.push(...change.cases);
    return change;
  }

  fromClient(text = 'Hello?'): Change {
    return this.change((situation) => sendAsClient(situation, { author: mira, text, ...this.ids(), topic: 'bill' }));
  }

  fromAdmin(author: Person, text = 'Good morning.'): Change {
    return this.change((situation) =>
      sendAsAdmin(situation, { author, text, ...this.ids(), topic: 'other', seen: null }),
    );
  }

  openCase(): OpenCase {
    if (this.conversation.openCase === null) throw new Error('This thread has no open case');
    return this.conversation.openCase;
  }

  /** The open case as a page shows it now. */
  seen(): { caseId: string; revision: number } {
    const { id, revision } = this.openCase();
    return { caseId: id, revision };
  }

  kinds(): EntryContent['kind'][] {
    return this.entries.map(({ content }) => content.kind);
  }

  private caseOf(caseId: string): KeptCase | undefined {
    const changes = this.cases.filter(({ view }) => view.id === caseId);
    const view = changes.at(-1)?.view;
    return view && { view, rating: changes.find(({ rating }) => rating !== null)?.rating ?? null };
  }

  private ids(): { requestId: string; newCaseId: string } {
    this.requests += 1;
    return { requestId: `request-${this.requests}`, newCaseId: `case-${this.requests}` };
  }
}

function isShown({ content }: Entry): boolean {
  return content.kind === 'system_message' || (content.kind === 'message' && content.removedAt === null);
}

/** The reason and facts of the ChatError that `decide` is refused with. */
export function refusalOf(decide: () => unknown): unknown {
  try {
    decide();
  } catch (error) {
    return error;
  }
  throw new Error('This was not refused');
}
