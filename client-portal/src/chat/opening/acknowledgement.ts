import { Component, computed, inject, input } from '@angular/core';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { CaseStatus } from '@energy-chat/contract/case_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';

/**
 * Says that a message which opened a case has arrived, and when to expect somebody as far as that is known: whether
 * support is there, never a time. Over when somebody has the case.
 */
@Component({
  selector: 'portal-acknowledgement',
  template: `<p role="status" [class.shown]="words()">{{ words() }}</p>`,
  styleUrl: './acknowledgement.css',
})
export class Acknowledgement {
  readonly store = input.required<ConversationStore>();

  private readonly texts = inject(Texts);
  private readonly isWaiting = computed(() => {
    const openCase = this.store().row()?.openCase;
    if (openCase?.status !== CaseStatus.WAITING) return false;
    return this.store()
      .entries()
      .some(
        ({ content, author }) =>
          content.case === 'caseOpened' && content.value.case?.id === openCase.id && author?.side === Side.CLIENT,
      );
  });
  protected readonly words = computed(() => {
    if (!this.isWaiting()) return '';
    const isThere = this.store().otherSideThere();
    if (isThere === undefined) return this.texts.say('opening.reached');
    return this.texts.say(isThere ? 'opening.reachedThere' : 'opening.reachedAway');
  });
}
