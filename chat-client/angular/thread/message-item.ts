import { Component, computed, ElementRef, inject, Injector, afterNextRender, input, output } from '@angular/core';
import type { ChatError, Tick } from '@energy-chat/client';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Icon } from '../icon/icon.js';
import type { IconName } from '../icon/icon.js';
import { Dates } from '../language/dates.js';
import { Texts } from '../language/texts.js';
import { MessageText } from '../text/message-text.js';
import { failureText } from './failure-text.js';
import type { MessageLine } from './lines.js';
import { MessageEditor } from './message-editor.js';

/** As much of a text as tells its buttons from those of others, in characters. */
const EXCERPT = 40;

const TICK_ICONS: Readonly<Record<Tick, IconName>> = {
  sending: 'clock',
  failed: 'alert',
  sent: 'check',
  delivered: 'double-check',
  read: 'double-check',
};

/** One message of a thread, with what its author may still do about it. */
@Component({
  selector: 'li[chatMessageItem]',
  imports: [Icon, MessageEditor, MessageText],
  templateUrl: './message-item.html',
  styleUrls: ['../controls.css', './message-item.css'],
  host: {
    class: 'message',
    '[class.own]': 'line().isOwnSide',
    '[class.continues]': 'line().continues',
    '[class.failed]': "line().tick === 'failed'",
    '[attr.data-seq]': 'line().seq',
  },
})
export class MessageItem {
  readonly line = input.required<MessageLine>();
  readonly store = input.required<ConversationStore>();
  /** It may be edited and removed. */
  readonly isChangeable = input.required<boolean>();
  /** How far it has come, in words; empty for none. */
  readonly tickText = input.required<string>();
  /** The last one that the other side has read. */
  readonly isLastRead = input.required<boolean>();
  /** Its person wants it taken away. */
  readonly removal = output<number>();

  protected readonly texts = inject(Texts);
  protected readonly dates = inject(Dates);
  private readonly injector = inject(Injector);
  private readonly element = inject<ElementRef<HTMLElement>>(ElementRef);
  /** Its seq while it is being edited. */
  protected readonly edited = computed(() => {
    const { seq, isRemoved } = this.line();
    return !isRemoved && seq !== undefined && this.store().editing()?.seq === seq ? seq : undefined;
  });
  protected readonly excerpt = computed(() => this.line().text.slice(0, EXCERPT).trim());

  protected tickIcon(tick: Tick): IconName {
    return TICK_ICONS[tick];
  }

  protected failureText(error: ChatError | undefined): string {
    return failureText(this.texts, error);
  }

  protected edit(): void {
    const { seq, text } = this.line();
    if (seq !== undefined) this.store().editing.set({ seq, text });
  }

  protected askToRemove(): void {
    const { seq } = this.line();
    if (seq !== undefined) this.removal.emit(seq);
  }

  /** To where the editor was opened from, or to the message itself when that is gone. */
  protected returnFocus(): void {
    afterNextRender(
      () => {
        const { nativeElement } = this.element;
        const button = nativeElement.querySelector<HTMLElement>('.actions button');
        if (button === null) nativeElement.tabIndex = -1;
        (button ?? nativeElement).focus({ preventScroll: true });
      },
      { injector: this.injector },
    );
  }
}
