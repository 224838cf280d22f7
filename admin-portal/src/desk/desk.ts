import { Dialog } from '@angular/cdk/dialog';
import { CdkMenu, CdkMenuItem, CdkMenuItemCheckbox, CdkMenuTrigger } from '@angular/cdk/menu';
import {
  afterNextRender,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  Injector,
  signal,
  viewChild,
} from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { ConnectionNotice } from '@energy-chat/client/angular/connection/connection-notice.js';
import { LanguageSwitch } from '@energy-chat/client/angular/language/language-switch.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { Sessions } from '@energy-chat/client/angular/sessions/sessions.js';
import { SignOutQuestion } from '@energy-chat/client/angular/sign-out/sign-out-question.js';
import { Notices } from '@energy-chat/client/angular/notices/notices.js';
import { UnreadTitle } from '@energy-chat/client/angular/notices/unread-title.js';
import { ClientPane } from '../conversation/client-pane.js';
import { ConversationPane } from '../conversation/conversation-pane.js';
import { ConversationTabs } from '../conversation/conversation-tabs.js';
import { InboxPane } from '../inbox/inbox-pane.js';
import { InboxStore } from '../inbox/inbox-store.js';
import { NewClientNotice } from '../inbox/new-client-notice.js';
import { Avatar } from '../shell/avatar.js';
import { DeskIcon } from '../shell/desk-icon.js';
import { ShortcutKeys } from '../shortcuts/shortcut-keys.js';
import { ShortcutList } from '../shortcuts/shortcut-list.js';
import { shortcutOf, type Shortcut } from '../shortcuts/shortcut.js';
import { DeskParts } from './desk-parts.js';
import { MyAvailability } from './my-availability.js';
import { MOST_OPEN, OpenConversations } from './open-conversations.js';

/** The working place of the administrator who is signed in; another person gets another one. */
@Component({
  selector: 'admin-desk',
  imports: [
    Avatar,
    CdkMenu,
    CdkMenuItem,
    CdkMenuItemCheckbox,
    CdkMenuTrigger,
    ClientPane,
    ConnectionNotice,
    ConversationPane,
    ConversationTabs,
    DeskIcon,
    InboxPane,
    LanguageSwitch,
    Sessions,
    SignOutQuestion,
  ],
  templateUrl: './desk.html',
  styleUrl: './desk.css',
  host: { '(document:keydown)': 'press($event)', '(window:popstate)': 'wentBack()' },
  providers: [
    { provide: DeskParts, useFactory: deskParts },
    { provide: InboxStore, useFactory: startedInbox },
    MyAvailability,
    NewClientNotice,
    OpenConversations,
  ],
})
export class Desk {
  protected readonly texts = inject(Texts);
  protected readonly connection = inject(ChatConnection);
  protected readonly me = inject(DeskParts).me;
  protected readonly open = inject(OpenConversations);
  protected readonly availability = inject(MyAvailability);
  protected readonly notices = inject(Notices);
  protected readonly most = MOST_OPEN;
  private readonly inbox = inject(InboxStore);
  private readonly title = inject(UnreadTitle);
  private readonly dialog = inject(Dialog);
  private readonly keys = inject(ShortcutKeys);
  private readonly injector = inject(Injector);
  private readonly pane = viewChild(ConversationPane);
  private readonly list = viewChild(InboxPane);
  private readonly question = viewChild.required(SignOutQuestion);

  /** Narrow screens show one at a time. */
  protected readonly shown = signal<'list' | 'conversation'>('list');
  protected readonly isFull = signal(false);
  protected readonly signOutFailed = signal(false);
  protected readonly showsSessions = signal(false);
  private readonly needingMe = computed(() => {
    const unread = this.open.all().reduce((sum, { id, store }) => {
      const row = store.row() ?? this.inbox.row(id);
      return sum + (row?.openCase?.assignee?.id === this.me.id ? (row.supportProgress?.unread ?? 0) : 0);
    }, 0);
    return unread + (this.inbox.counts()?.waiting ?? 0);
  });

  constructor() {
    effect(() => this.title.show(this.texts.say('desk.title'), this.needingMe()));
    inject(DestroyRef).onDestroy(() => this.title.show(this.texts.say('desk.title'), 0));
  }

  protected openConversation(id: string): void {
    const isOpen = this.open.open(id);
    this.isFull.set(!isOpen);
    if (isOpen) this.showConversation();
  }

  protected showConversation(): void {
    const wasHidden = this.shown() === 'list';
    this.shown.set('conversation');
    // Where the list stays in view, the focus stays there, too.
    if (!wasHidden || !isNarrow()) return;
    history.pushState({ shows: 'conversation' }, '');
    afterNextRender(() => this.pane()?.focusHeading(), { injector: this.injector });
  }

  protected skipToConversation(press: Event): void {
    press.preventDefault();
    this.showConversation();
    this.pane()?.focusHeading();
  }

  protected showList(): void {
    const state: unknown = history.state;
    if (this.shown() === 'conversation' && isConversation(state)) history.back();
    else this.wentBack();
  }

  /** Also by the browser's own way back, which leads from a conversation to the list. */
  protected wentBack(): void {
    this.shown.set('list');
    afterNextRender(() => this.list()?.focusList(), { injector: this.injector });
  }

  protected press(press: KeyboardEvent): void {
    const shortcut = this.keys.areOn() ? shortcutOf(press) : press.key === '?' ? shortcutOf(press) : undefined;
    if (shortcut === undefined) return;
    press.preventDefault();
    this.run(shortcut);
  }

  protected showShortcuts(): void {
    this.dialog.open(ShortcutList, { ariaLabelledBy: 'shortcut-list' });
  }

  /** Asks first when something would be lost. */
  protected async leave(): Promise<void> {
    if (await this.connection.wouldLose()) this.question().ask();
    else await this.signOut();
  }

  protected async signOut(): Promise<void> {
    this.signOutFailed.set(false);
    try {
      await this.connection.signOut();
      this.open.forget();
    } catch {
      this.signOutFailed.set(true);
    }
  }

  private run(shortcut: Shortcut): void {
    switch (shortcut) {
      case 'claim':
        this.pane()?.claim();
        return;
      case 'reply':
        this.pane()?.reply();
        return;
      case 'close':
        void this.pane()?.close();
        return;
      case 'list':
        this.showList();
        return;
      case 'previous':
        this.open.step(-1);
        return;
      case 'next':
        this.open.step(1);
        return;
      case 'help':
        this.showShortcuts();
        return;
    }
  }
}

/** As in desk.css. */
function isNarrow(): boolean {
  return matchMedia('(width < 48rem)').matches;
}

function isConversation(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'shows' in state && state.shows === 'conversation';
}

function deskParts(): DeskParts {
  const { me, chat, watch } = inject(ChatConnection);
  const person = me();
  if (person === undefined) throw new Error('There is a desk only for who is signed in.');
  return { me: person, chat, watch };
}

function startedInbox(): InboxStore {
  const { me, chat, watch } = inject(DeskParts);
  inject(ChatConnection).goLive();
  const inbox = new InboxStore({ chat, watch, myId: me.id });
  inbox.start();
  inject(DestroyRef).onDestroy(() => inbox.stop());
  return inbox;
}
