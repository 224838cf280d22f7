import type { ElementRef } from '@angular/core';
import { Component, inject, output, viewChild } from '@angular/core';
import { Texts } from '../language/texts.js';

/** Asked before unsent messages are forgotten. */
@Component({
  selector: 'chat-sign-out-question',
  template: `
    <dialog #dialog aria-labelledby="sign-out-question">
      <h2 id="sign-out-question">{{ texts.say('signOutQuestion.title') }}</h2>
      <p>{{ texts.say('signOutQuestion.text') }}</p>
      <div class="choices">
        <button type="button" class="quiet-button" (click)="dialog.close()">
          {{ texts.say('signOutQuestion.stay') }}
        </button>
        <button type="button" class="button" (click)="dialog.close(); confirmed.emit()">
          {{ texts.say('signOutQuestion.leave') }}
        </button>
      </div>
    </dialog>
  `,
  styleUrls: ['../controls.css', '../dialog.css'],
})
export class SignOutQuestion {
  readonly confirmed = output();
  protected readonly texts = inject(Texts);
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  get isOpen(): boolean {
    return this.dialog().nativeElement.open;
  }

  ask(): void {
    if (!this.isOpen) this.dialog().nativeElement.showModal();
  }
}
