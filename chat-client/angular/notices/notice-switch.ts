import { Component, inject } from '@angular/core';
import { Icon } from '../icon/icon.js';
import { Texts } from '../language/texts.js';
import { Notices } from './notices.js';

/** Turns sound and notifications off and on again, once their person has been asked. */
@Component({
  selector: 'chat-notice-switch',
  imports: [Icon],
  template: `
    @if (notices.choice() !== 'not asked') {
      <button
        type="button"
        class="icon-button"
        [attr.aria-pressed]="notices.choice() === 'on'"
        [attr.aria-label]="texts.say('notices.label')"
        [title]="texts.say(notices.choice() === 'on' ? 'notices.isOn' : 'notices.isOff')"
        (click)="notices.choice() === 'on' ? notices.turnOff() : notices.turnOn()"
      >
        <chat-icon [name]="notices.choice() === 'on' ? 'bell' : 'bell-off'" />
      </button>
    }
  `,
  styleUrl: '../controls.css',
})
export class NoticeSwitch {
  protected readonly texts = inject(Texts);
  protected readonly notices = inject(Notices);
}
