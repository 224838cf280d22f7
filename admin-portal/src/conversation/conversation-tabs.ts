import {
  afterNextRender,
  afterRenderEffect,
  Component,
  computed,
  ElementRef,
  inject,
  Injector,
  output,
} from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { OpenConversations } from '../desk/open-conversations.js';
import { InboxStore } from '../inbox/inbox-store.js';
import { DeskIcon } from '../shell/desk-icon.js';

/** The open conversations, with what is unread, who types and what was begun in each. */
@Component({
  selector: 'admin-conversation-tabs',
  imports: [DeskIcon],
  template: `
    <nav [attr.aria-label]="texts.say('tabs.open')">
      <ul>
        @for (tab of tabs(); track tab.id) {
          <li [class.is-front]="tab.isFront">
            <button
              type="button"
              class="tab"
              [attr.aria-current]="tab.isFront ? 'true' : null"
              [title]="tab.name"
              (click)="open.bringToFront(tab.id); chosen.emit()"
              (auxclick)="$event.button === 1 && closeTab(tab.id)"
            >
              <bdi class="name">{{ tab.name }}</bdi>
              @if (tab.isTyping) {
                <span class="typing" aria-hidden="true"><i></i><i></i><i></i></span>
                <span class="visually-hidden">{{ texts.say('inbox.typing') }}</span>
              } @else if (tab.hasDraft && !tab.isFront) {
                <span class="draft" [title]="texts.say('tabs.draft')"><admin-icon name="pen" /></span>
                <span class="visually-hidden">{{ texts.say('tabs.draft') }}</span>
              }
              @if (tab.unread > 0) {
                <span class="unread" aria-hidden="true">{{ tab.unread > 99 ? '99+' : tab.unread }}</span>
                <span class="visually-hidden">{{ texts.sayCount('inbox.unread', tab.unread) }}</span>
              }
            </button>
            <button
              type="button"
              class="close"
              [attr.aria-label]="texts.say('tabs.close', { name: tab.name })"
              (click)="closeTab(tab.id)"
            >
              <admin-icon name="cross" />
            </button>
          </li>
        }
      </ul>
    </nav>
  `,
  styleUrl: './conversation-tabs.css',
})
export class ConversationTabs {
  /** A tab was pressed. */
  readonly chosen = output();
  /** The last one was closed. */
  readonly lastClosed = output();

  protected readonly texts = inject(Texts);
  protected readonly open = inject(OpenConversations);
  private readonly inbox = inject(InboxStore);
  private readonly element = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly injector = inject(Injector);

  protected readonly tabs = computed(() => {
    const front = this.open.front()?.id;
    return this.open.all().map(({ id, store }) => {
      const row = store.row() ?? this.inbox.row(id);
      return {
        id,
        isFront: id === front,
        name: row?.client?.displayName ?? '…',
        unread: row?.supportProgress?.unread ?? 0,
        isTyping: this.inbox.typing().has(id),
        hasDraft: store.draft().trim() !== '',
      };
    });
  });

  /** Whoever closed it goes on from the tab that is in front now. */
  protected closeTab(id: string): void {
    this.open.close(id);
    if (this.open.all().length === 0) {
      this.lastClosed.emit();
      return;
    }
    afterNextRender(() => this.element.nativeElement.querySelector<HTMLElement>('.is-front .tab')?.focus(), {
      injector: this.injector,
    });
  }

  constructor() {
    afterRenderEffect(() => {
      if (this.open.front() === undefined) return;
      this.element.nativeElement.querySelector('.is-front')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
  }
}
