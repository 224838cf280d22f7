import { Component, inject } from '@angular/core';
import { Icon } from '../icon/icon.js';
import { Texts } from '../language/texts.js';
import { MessageNotices } from './message-notices.js';
import { Notices } from './notices.js';

/** Asks, quietly and once, whether to tell of new messages by sound and notification. */
@Component({
  selector: 'chat-notice-offer',
  imports: [Icon],
  template: `
    @if (messages.isOffered()) {
      <div role="region" [attr.aria-label]="texts.say('notices.label')">
        <chat-icon name="bell" />
        <p>{{ texts.say('notices.offer') }}</p>
        <button type="button" class="button" (click)="notices.turnOn()">{{ texts.say('notices.turnOn') }}</button>
        <button type="button" class="quiet-button" (click)="notices.turnOff()">
          {{ texts.say('notices.notNow') }}
        </button>
      </div>
    }
  `,
  styleUrls: ['../controls.css', './notice-offer.css'],
})
export class NoticeOffer {
  protected readonly texts = inject(Texts);
  protected readonly notices = inject(Notices);
  protected readonly messages = inject(MessageNotices);
}
