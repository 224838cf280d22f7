import { inject, Injectable } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import type { Chat, ShownCase } from '@energy-chat/client';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { DeskParts } from '../desk/desk-parts.js';

/** What became of a change of a case, as far as the page has to say something about it. */
export type CaseOutcome =
  | { readonly kind: 'done' }
  /** Somebody else was faster, or has had it all along. */
  | { readonly kind: 'taken'; readonly by: string }
  /** The same of a message: nothing of it was sent. */
  | { readonly kind: 'notSent'; readonly by: string }
  /** The client has written since; the case stays open. */
  | { readonly kind: 'unseen' }
  /** It was closed meanwhile. */
  | { readonly kind: 'closed' }
  /** The service was not reached: it may have happened, and pressing again does no harm. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly text: string };

export function outcomeOf(failure: unknown): CaseOutcome {
  const { reason, facts, transient, message } = ChatError.from(failure);
  if (reason === 'CASE_TAKEN' || reason === 'CASE_ASSIGNED') return { kind: 'taken', by: facts['assignee_name'] ?? '' };
  if (reason === 'UNSEEN_MESSAGE') return { kind: 'unseen' };
  if (reason === 'CASE_CLOSED') return { kind: 'closed' };
  return transient ? { kind: 'unreachable' } : { kind: 'refused', text: message };
}

/** Claim, take over, release and close, as the page's row shows the case. Nothing here throws. */
@Injectable()
export class CaseChanges {
  private readonly parts = inject(DeskParts);

  claim(row: Conversation): Promise<CaseOutcome> {
    return this.change(row, (chat, shown) => chat.claim(shown));
  }

  /** Of a case that is somebody else's. */
  takeOver(row: Conversation): Promise<CaseOutcome> {
    return this.change(row, (chat, shown) => chat.transfer(shown, this.parts.me.id));
  }

  /** Back to waiting. */
  release(row: Conversation): Promise<CaseOutcome> {
    return this.change(row, (chat, shown) => chat.release(shown));
  }

  /** `seenSeq`: the last entry the page showed. `reason` is for administrators. */
  close(row: Conversation, seenSeq: number, reason: string): Promise<CaseOutcome> {
    return this.change(row, (chat, shown) => chat.close(shown, seenSeq, { reason }));
  }

  private async change(
    { id, openCase }: Conversation,
    change: (chat: Chat, shown: ShownCase) => Promise<unknown>,
  ): Promise<CaseOutcome> {
    if (openCase === undefined) return { kind: 'closed' };
    try {
      await change(this.parts.chat, { conversationId: id, caseId: openCase.id, revision: openCase.revision });
      return { kind: 'done' };
    } catch (failure) {
      return outcomeOf(failure);
    }
  }
}
