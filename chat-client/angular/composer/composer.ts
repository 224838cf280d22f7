import type { ElementRef } from '@angular/core';
import { afterRenderEffect, Component, computed, inject, input, output, signal, viewChild } from '@angular/core';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Icon } from '../icon/icon.js';
import { Texts } from '../language/texts.js';
import { fitHeight } from './fit-height.js';
import { isSendKey } from './send-key.js';

/** The service's limit, in UTF-16 units. */
export const LONGEST_MESSAGE = 4_000;
const COUNTED_FROM = 0.8 * LONGEST_MESSAGE;

/** Where a message is written: Enter sends it, Shift+Enter breaks the line, Enter of an input method does neither. */
@Component({
  selector: 'chat-composer',
  imports: [Icon],
  templateUrl: './composer.html',
  styleUrls: ['../controls.css', './composer.css'],
})
export class Composer {
  readonly store = input.required<ConversationStore>();
  /** Nothing can be sent now; what is written stays. */
  readonly blocked = input(false);
  /** The text that was handed to the store. */
  readonly sent = output<string>();

  protected readonly texts = inject(Texts);
  private readonly field = viewChild.required<ElementRef<HTMLTextAreaElement>>('field');
  protected readonly left = computed(() => LONGEST_MESSAGE - this.store().draft().length);
  protected readonly isCounted = computed(() => this.store().draft().length >= COUNTED_FROM);
  protected readonly canSend = computed(
    () => !this.blocked() && this.left() >= 0 && this.store().draft().trim() !== '',
  );
  protected readonly isTooLong = computed(() => this.left() < 0);
  /** Said politely at the marks only: a number with each keystroke is noise. */
  protected readonly counted = computed(() => {
    if (!this.isCounted()) return '';
    if (this.isTooLong()) return this.texts.sayCount('composer.over', -this.left());
    return this.texts.sayCount('composer.left', Math.ceil(this.left() / 100) * 100);
  });
  /** What was to be sent last was not taken: too much waits already. */
  protected readonly isQueueFull = signal(false);
  protected readonly fieldId = `chat-composer-${nextId++}`;

  constructor() {
    // No binding: between two renderings a text may be typed and sent, and then it would see no change.
    afterRenderEffect(() => this.show(this.store().draft()));
  }

  focus(): void {
    this.field().nativeElement.focus();
  }

  protected write(text: string): void {
    this.isQueueFull.set(false);
    this.store().draft.set(text);
    if (text === '' || this.blocked()) this.store().stopTyping();
    else this.store().typing();
  }

  protected sendByKey(event: KeyboardEvent): void {
    if (!isSendKey(event)) return;
    event.preventDefault();
    this.send();
  }

  protected send(): void {
    if (!this.canSend()) return;
    const text = this.store().draft();
    const isTaken = this.store().send(text);
    this.isQueueFull.set(!isTaken);
    if (!isTaken) return;
    this.store().draft.set('');
    this.show('');
    this.sent.emit(text);
    this.focus();
  }

  private show(text: string): void {
    const field = this.field().nativeElement;
    if (field.value !== text) field.value = text;
    fitHeight(field);
  }
}

let nextId = 1;
