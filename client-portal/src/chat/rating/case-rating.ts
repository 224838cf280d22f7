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

  /** Who goes on writing, or has a case open, is not asked; a message that was refused opens none. */
  private readonly isAtRest = computed(
    () =>
      !this.store().loading() &&
      this.store()
        .pending()
        .every(({ state }) => state === 'failed') &&
      this.store().row()?.openCase === undefined,
  );
  protected readonly caseId = computed(() => (this.isAtRest() ? unratedCase(this.store().entries()) : undefined));
  /** Kept with the conversation: who closes the chat meanwhile finds it again. */
  private readonly draft = computed(() => {
    const draft = this.store().ratingDraft();
    return draft?.caseId === this.caseId() ? draft : undefined;
  });
  protected readonly rating = computed(() => this.draft()?.rating ?? 0);
  protected readonly comment = computed(() => this.draft()?.comment ?? '');
  protected readonly state = linkedSignal<ConversationStore, 'asking' | 'sending' | 'failed' | 'thanked'>({
    source: this.store,
    computation: () => 'asking',
  });
  protected readonly isThanked = computed(() => this.state() === 'thanked' && this.isAtRest());

  protected choose(rating: number): void {
    const caseId = this.caseId();
    if (caseId === undefined) return;
    this.store().ratingDraft.set({ caseId, rating, comment: this.comment() });
    if (this.state() !== 'sending') this.state.set('asking');
  }

  protected write(comment: string): void {
    this.store().ratingDraft.update((draft) => draft && { ...draft, comment });
  }

  protected async send(): Promise<void> {
    const draft = this.draft();
    if (draft === undefined || this.state() === 'sending') return;
    this.state.set('sending');
    try {
      await this.store().rate({ ...draft, comment: this.comment().trim() });
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
