import type { ElementRef } from '@angular/core';
import { Component, computed, inject, input, output, viewChild } from '@angular/core';
import { Icon } from '@energy-chat/client/angular/icon/icon.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';

/** The round button that opens the chat, with the number of unread messages. */
@Component({
  selector: 'portal-chat-button',
  imports: [Icon],
  template: `
    <button
      #button
      type="button"
      aria-haspopup="dialog"
      [attr.aria-expanded]="isOpen()"
      [attr.aria-label]="label()"
      (click)="pressed.emit()"
    >
      <chat-icon [name]="isOpen() ? 'fold' : 'chat'" />
      @if (unread() > 0 && !isOpen()) {
        <span class="badge" aria-hidden="true">{{ unread() > 99 ? '99+' : unread() }}</span>
      }
    </button>
  `,
  styleUrls: ['../../../chat-client/angular/controls.css', './chat-button.css'],
})
export class ChatButton {
  readonly isOpen = input.required<boolean>();
  readonly unread = input.required<number>();
  readonly pressed = output();

  protected readonly texts = inject(Texts);
  private readonly button = viewChild.required<ElementRef<HTMLButtonElement>>('button');
  protected readonly label = computed(() => {
    if (this.isOpen()) return this.texts.say('chat.fold');
    return this.unread() > 0 ? this.texts.sayCount('chat.openUnread', this.unread()) : this.texts.say('chat.open');
  });

  focus(): void {
    this.button().nativeElement.focus();
  }
}
