import {
  afterNextRender,
  Component,
  computed,
  effect,
  inject,
  Injector,
  signal,
  untracked,
  viewChild,
  ViewContainerRef,
} from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { Icon } from '@energy-chat/client/angular/icon/icon.js';
import { LanguageSwitch } from '@energy-chat/client/angular/language/language-switch.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { SignOutQuestion } from '@energy-chat/client/angular/sign-out/sign-out-question.js';
import { ChatButton } from '../chat/chat-button.js';
import { ChatPanel } from '../chat/chat-panel.js';
import { MyConversation } from '../chat/my-conversation.js';
import { PanelState } from '../chat/panel-state.js';
import { Brand } from './brand.js';
import { greetingKey } from './greeting-key.js';

/** The page "My energy", with the chat over it. */
@Component({
  selector: 'portal-home',
  imports: [Brand, ChatButton, ChatPanel, Icon, LanguageSwitch, SignOutQuestion],
  templateUrl: './home.html',
  styleUrls: ['../../../chat-client/angular/controls.css', './home.css'],
  host: { '(document:keydown.escape)': 'closeByKey($event)' },
})
export class Home {
  protected readonly texts = inject(Texts);
  protected readonly panel = inject(PanelState);
  protected readonly conversation = inject(MyConversation);
  private readonly connection = inject(ChatConnection);
  private readonly injector = inject(Injector);
  private readonly button = viewChild.required(ChatButton);
  private readonly question = viewChild.required(SignOutQuestion);

  protected readonly greeting = computed(() =>
    this.texts.say(`home.greeting.${greetingKey(new Date())}`, { name: this.connection.me()?.displayName ?? '' }),
  );
  protected readonly isSigningOut = signal(false);
  protected readonly couldNotSignOut = signal(false);
  protected readonly areSessionsMissing = signal(false);
  /** Where dialogs open that few people ask for; their programs come then. */
  private readonly dialogs = viewChild.required('dialogs', { read: ViewContainerRef });

  constructor() {
    let wasOpen = false;
    effect(() => {
      const isOpen = this.panel.isOpen();
      untracked(() => {
        // Only after it is drawn does a page behind a panel that filled the screen take the focus again.
        if (!isOpen && wasOpen) afterNextRender(() => this.button().focus(), { injector: this.injector });
        wasOpen = isOpen;
      });
    });
  }

  protected togglePanel(): void {
    if (this.panel.isOpen()) this.panel.close();
    else this.panel.open();
  }

  protected closeByKey(event: Event): void {
    if (!this.panel.isOpen() || event.defaultPrevented || this.question().isOpen || this.dialogs().length > 0) return;
    if (event instanceof KeyboardEvent && event.isComposing) return;
    this.panel.close();
  }

  protected async showSessions(button: HTMLElement): Promise<void> {
    this.areSessionsMissing.set(false);
    try {
      const { Sessions } = await import('@energy-chat/client/angular/sessions/sessions.js');
      if (this.dialogs().length > 0) return;
      const { instance, hostView } = this.dialogs().createComponent(Sessions);
      instance.closed.subscribe(() => {
        hostView.destroy();
        button.focus();
      });
    } catch {
      this.areSessionsMissing.set(true);
    }
  }

  /** Asks first when something would be lost. */
  protected async leave(): Promise<void> {
    if (await this.connection.wouldLose()) this.question().ask();
    else await this.signOut();
  }

  protected async signOut(): Promise<void> {
    if (this.isSigningOut()) return;
    this.isSigningOut.set(true);
    this.couldNotSignOut.set(false);
    try {
      await this.connection.signOut();
    } catch {
      this.couldNotSignOut.set(true);
    } finally {
      this.isSigningOut.set(false);
    }
  }
}
