import type { ElementRef } from '@angular/core';
import { afterRenderEffect, Component, inject, input, output, signal, untracked, viewChild } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Texts } from '../language/texts.js';
import { changeFailureText } from './failure-text.js';

/** Asked before one's own message is taken away for everybody. */
@Component({
  selector: 'chat-remove-question',
  template: `
    <dialog #dialog aria-labelledby="remove-question" (close)="closed.emit()">
      <h2 id="remove-question">{{ texts.say('thread.remove.title') }}</h2>
      <p>{{ texts.say('thread.remove.text') }}</p>
      <div role="alert">
        @if (failure()) {
          <p class="trouble">{{ failure() }}</p>
        }
      </div>
      <div class="choices">
        <button type="button" class="quiet-button" (click)="dialog.close()">
          {{ texts.say('thread.remove.stay') }}
        </button>
        <button type="button" class="button" [attr.aria-disabled]="isBusy()" (click)="remove()">
          {{ texts.say('thread.remove.confirm') }}
        </button>
      </div>
    </dialog>
  `,
  styleUrls: ['../controls.css', '../dialog.css'],
  // It ends the question, and not what is around the thread.
  host: { '(keydown.escape)': '$event.stopPropagation()' },
})
export class RemoveQuestion {
  readonly store = input.required<ConversationStore>();
  /** The message's; undefined while nothing is asked. */
  readonly seq = input.required<number | undefined>();
  /** The seq of the message that is gone. */
  readonly removed = output<number>();
  readonly closed = output();

  protected readonly texts = inject(Texts);
  protected readonly isBusy = signal(false);
  protected readonly failure = signal('');
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  constructor() {
    afterRenderEffect(() => {
      if (this.seq() === undefined) return;
      untracked(() => {
        this.failure.set('');
        this.dialog().nativeElement.showModal();
      });
    });
  }

  protected async remove(): Promise<void> {
    const seq = this.seq();
    if (this.isBusy() || seq === undefined) return;
    this.isBusy.set(true);
    this.failure.set('');
    try {
      await this.store().remove(seq);
      this.dialog().nativeElement.close();
      this.removed.emit(seq);
    } catch (failure) {
      this.failure.set(changeFailureText(this.texts, ChatError.from(failure)));
    } finally {
      this.isBusy.set(false);
    }
  }
}
