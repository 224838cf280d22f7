import { DIALOG_DATA, DialogRef } from '@angular/cdk/dialog';
import { Component, inject } from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';

/** The contract's limit for CloseCase. */
const MOST_CHARACTERS = 500;

/** Asks whether to close a case and why. Answers the reason, which may be empty, or undefined for no. */
@Component({
  selector: 'admin-close-case-dialog',
  template: `
    <form (submit)="$event.preventDefault(); answer.close(reason.value.trim())">
      <h2 id="close-case">{{ texts.say('closeCase.title', { name: data.name }) }}</h2>
      <p>{{ texts.say('closeCase.explained') }}</p>
      <label for="close-reason">{{ texts.say('closeCase.reason') }}</label>
      <textarea
        id="close-reason"
        rows="2"
        [maxLength]="most"
        (keydown.control.enter)="answer.close(reason.value.trim())"
        (keydown.meta.enter)="answer.close(reason.value.trim())"
        #reason
      ></textarea>
      <div class="answers">
        <button type="button" class="button is-secondary" (click)="answer.close()">
          {{ texts.say('closeCase.no') }}
        </button>
        <button type="submit" class="button" cdkFocusInitial>{{ texts.say('closeCase.yes') }}</button>
      </div>
    </form>
  `,
  styleUrl: './close-case-dialog.css',
})
export class CloseCaseDialog {
  protected readonly texts = inject(Texts);
  protected readonly data = inject<{ readonly name: string }>(DIALOG_DATA);
  protected readonly answer = inject<DialogRef<string>>(DialogRef);
  protected readonly most = MOST_CHARACTERS;
}
