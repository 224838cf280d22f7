import { Component, effect, inject, signal } from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { MessageNotices } from '@energy-chat/client/angular/notices/message-notices.js';
import { UnreadTitle } from '@energy-chat/client/angular/notices/unread-title.js';
import { MyConversation } from './chat/my-conversation.js';
import { PanelState } from './chat/panel-state.js';
import { Home } from './home/home.js';
import { SignedOut } from './signed-out/signed-out.js';

/** Who comes back is taken up by the cookie; else the sign-in. */
@Component({
  selector: 'portal-root',
  imports: [Home, SignedOut],
  template: `
    @if (me()) {
      <portal-home />
    } @else if (isResuming()) {
      <div class="progress" role="progressbar" [attr.aria-label]="texts.say('portal.resuming')"></div>
    } @else {
      <portal-signed-out />
    }
  `,
  styleUrl: '../../chat-client/angular/controls.css',
})
export class App {
  protected readonly texts = inject(Texts);
  private readonly connection = inject(ChatConnection);
  private readonly conversation = inject(MyConversation);
  private readonly panel = inject(PanelState);
  private readonly unreadTitle = inject(UnreadTitle);
  protected readonly me = this.connection.me;
  protected readonly isResuming = signal(true);

  constructor() {
    inject(MessageNotices).follow({
      store: this.conversation.store,
      isOpen: this.panel.isOpen,
      unread: this.conversation.unread,
      open: () => this.panel.open(),
    });
    void this.connection.resume().finally(() => this.isResuming.set(false));
    effect(() => this.unreadTitle.show(this.texts.say('portal.title'), this.conversation.unread()));
  }
}
