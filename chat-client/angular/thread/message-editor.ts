import type { ElementRef } from '@angular/core';
import { afterNextRender, Component, computed, inject, input, output, signal, viewChild } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import { LONGEST_MESSAGE } from '../composer/composer.js';
import { fitHeight } from '../composer/fit-height.js';
import { isSendKey } from '../composer/send-key.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Texts } from '../language/texts.js';
import { changeFailureText } from './failure-text.js';

/** The text of one's own message, in its place, until it is saved or given up. A failure leaves what was typed. */
@Component({
  selector: 'chat-message-editor',
  templateUrl: './message-editor.html',
  styleUrls: ['../controls.css', './message-editor.css'],
  host: { '(keydown.escape)': 'giveUp($event)' },
})
export class MessageEditor {
  readonly store = input.required<ConversationStore>();
  readonly seq = input.required<number>();
  /** What stands in the log. */
  readonly original = input.required<string>();
  /** Saved or given up. */
  readonly done = output();

  protected readonly texts = inject(Texts);
  private readonly field = viewChild.required<ElementRef<HTMLTextAreaElement>>('field');
  protected readonly text = computed(() => this.store().editing()?.text ?? this.original());
  protected readonly over = computed(() => Math.max(0, this.text().length - LONGEST_MESSAGE));
  protected readonly isBusy = signal(false);
  protected readonly failure = signal('');
  protected readonly canSave = computed(() => !this.isBusy() && this.over() === 0 && this.text().trim() !== '');

  constructor() {
    afterNextRender(() => {
      const field = this.field().nativeElement;
      field.value = this.text();
      fitHeight(field);
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
      field.form?.scrollIntoView?.({ block: 'nearest' });
    });
  }

  protected write(field: HTMLTextAreaElement): void {
    this.failure.set('');
    this.store().editing.set({ seq: this.seq(), text: field.value });
    fitHeight(field);
  }

  protected saveByKey(event: KeyboardEvent): void {
    if (!isSendKey(event)) return;
    event.preventDefault();
    void this.save();
  }

  protected giveUp(press?: Event): void {
    // What is around the thread has its own use of this key. Of an input method it ends only the composition.
    press?.stopPropagation();
    if (press instanceof KeyboardEvent && press.isComposing) return;
    this.end();
  }

  protected async save(): Promise<void> {
    if (!this.canSave()) return;
    const text = this.text();
    if (text === this.original()) {
      this.end();
      return;
    }
    this.isBusy.set(true);
    this.failure.set('');
    try {
      await this.store().edit(this.seq(), text);
      this.end();
    } catch (failure) {
      this.failure.set(changeFailureText(this.texts, ChatError.from(failure)));
    } finally {
      this.isBusy.set(false);
    }
  }

  private end(): void {
    this.store().editing.set(undefined);
    this.done.emit();
  }
}
