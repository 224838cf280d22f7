import type { ElementRef } from '@angular/core';
import { afterNextRender, Component, computed, inject, Injector, input, linkedSignal, viewChild } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { Icon } from '@energy-chat/client/angular/icon/icon.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { unratedCase } from './unrated-case.js';

/** The service's limit, in UTF-16 units. */
const LONGEST_COMMENT = 1_000;

/** Asks the client once how a closed case went: 1 to 5, with a comment if they like. Afterwards it thanks them. */
@Component({
  selector: 'portal-case-rating',
  imports: [Icon],
  templateUrl: './case-rating.html',
  styleUrls: ['../../../../chat-client/angular/controls.css', './case-rating.css'],
})
export class CaseRating {
  readonly store = input.required<ConversationStore>();

  protected readonly texts = inject(Texts);
  private readonly injector = inject(Injector);
  private readonly thanks = viewChild<ElementRef<HTMLElement>>('thanks');
  protected readonly stars = [1, 2, 3, 4, 5] as const;
  protected readonly longest = LONGEST_COMMENT;

  /** Who goes on writing, or has a case open, is not asked. */
  private readonly isAtRest = computed(
    () => !this.store().loading() && this.store().pending().length === 0 && this.store().row()?.openCase === undefined,
  );
  protected readonly caseId = computed(() => (this.isAtRest() ? unratedCase(this.store().entries()) : undefined));
  protected readonly rating = linkedSignal<string | undefined, number>({
    source: this.caseId,
    computation: () => 0,
  });
  protected readonly state = linkedSignal<ConversationStore, 'asking' | 'sending' | 'failed' | 'thanked'>({
    source: this.store,
    computation: () => 'asking',
  });
  protected readonly isThanked = computed(() => this.state() === 'thanked' && this.isAtRest());

  protected choose(rating: number): void {
    this.rating.set(rating);
    if (this.state() !== 'sending') this.state.set('asking');
  }

  protected async send(comment: string): Promise<void> {
    const caseId = this.caseId();
    if (caseId === undefined || this.rating() === 0 || this.state() === 'sending') return;
    this.state.set('sending');
    try {
      await this.store().rate({ caseId, rating: this.rating(), comment: comment.trim() });
    } catch (failure) {
      // Rated in another tab meanwhile: the thread shows how.
      if (ChatError.from(failure).reason !== 'CASE_RATED') {
        this.state.set('failed');
        return;
      }
    }
    this.state.set('thanked');
    afterNextRender(() => this.thanks()?.nativeElement.focus(), { injector: this.injector });
  }
}
