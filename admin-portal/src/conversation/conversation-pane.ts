import { Dialog } from '@angular/cdk/dialog';
import {
  afterRenderEffect,
  Component,
  computed,
  effect,
  ElementRef,
  inject,
  input,
  output,
  signal,
  untracked,
} from '@angular/core';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Composer } from '@energy-chat/client/angular/composer/composer.js';
import { Languages } from '@energy-chat/client/angular/language/languages.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { Thread } from '@energy-chat/client/angular/thread/thread.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { firstValueFrom } from 'rxjs';
import { DeskParts } from '../desk/desk-parts.js';
import type { OpenConversation } from '../desk/open-conversations.js';
import { Clock } from '@energy-chat/client/angular/language/clock.js';
import { filterOf } from '../inbox/inbox-order.js';
import { InboxStore } from '../inbox/inbox-store.js';
import { LONG_WAIT_MS, waitingLabel } from '../inbox/waiting-label.js';
import { Avatar } from '../shell/avatar.js';
import { DeskIcon } from '../shell/desk-icon.js';
import { CaseChanges, type CaseOutcome } from './case-changes.js';
import { CloseCaseDialog } from './close-case-dialog.js';
import { returnRefused } from './return-refused.js';

/** The conversation in front: whose it is, what can be done with its case, its thread and the composer. */
@Component({
  selector: 'admin-conversation-pane',
  imports: [Avatar, Composer, DeskIcon, Thread],
  templateUrl: './conversation-pane.html',
  styleUrl: './conversation-pane.css',
  providers: [CaseChanges],
})
export class ConversationPane {
  readonly conversation = input.required<OpenConversation>();
  /** Narrow screens: back to the list. */
  readonly left = output();

  private readonly me = inject(DeskParts).me;
  private readonly inbox = inject(InboxStore);
  private readonly changes = inject(CaseChanges);
  private readonly dialog = inject(Dialog);
  private readonly clock = inject(Clock);
  private readonly language = inject(Languages).current;
  protected readonly texts = inject(Texts);
  private readonly element = inject<ElementRef<HTMLElement>>(ElementRef);

  protected readonly store = computed(() => this.conversation().store);
  protected readonly row = computed(() => this.store().row() ?? this.inbox.row(this.conversation().id));
  protected readonly name = computed(() => this.row()?.client?.displayName ?? '');
  protected readonly isBusy = signal(false);
  /** What became of the last change, where there is something to say. */
  protected readonly outcome = signal<CaseOutcome | undefined>(undefined);
  protected readonly standing = computed(() => {
    const row = this.row();
    return row === undefined ? undefined : STANDINGS[filterOf(row, this.me.id)];
  });
  protected readonly assignee = computed(() => this.row()?.openCase?.assignee?.displayName ?? '');
  protected readonly waiting = computed(() => {
    const since = this.row()?.awaitingTime;
    return since && waitingLabel(this.clock.now() - timestampMs(since), this.language());
  });

  protected readonly waitsLong = computed(() => {
    const since = this.row()?.awaitingTime;
    return since !== undefined && this.clock.now() - timestampMs(since) >= LONG_WAIT_MS;
  });

  /** Something was pressed that may be gone when its answer, or the row after it, is here. */
  private isFocusDue = false;

  constructor() {
    afterRenderEffect(() => {
      this.standing();
      const isBusy = this.isBusy();
      untracked(() => {
        if (!this.isFocusDue || isBusy || document.activeElement !== document.body) return;
        this.isFocusDue = false;
        this.focusHeading();
      });
    });
    effect(() => {
      const refused = returnRefused(this.store());
      if (refused === undefined) return;
      const by = refused.facts['assignee_name'] ?? '';
      untracked(() => this.outcome.set({ kind: 'notSent', by }));
    });
  }

  claim(): void {
    const row = this.row();
    if (row !== undefined && this.standing() === 'waiting') void this.run(() => this.changes.claim(row));
  }

  protected takeOver(): void {
    const row = this.row();
    if (row !== undefined && this.standing() === 'others') void this.run(() => this.changes.takeOver(row));
  }

  protected release(): void {
    const row = this.row();
    if (row !== undefined && this.standing() === 'mine') void this.run(() => this.changes.release(row));
  }

  /** Asks for a reason first. */
  async close(): Promise<void> {
    if (this.isBusy() || (this.standing() !== 'mine' && this.standing() !== 'waiting')) return;
    // What arrives behind the question was not seen.
    const seenSeq = this.store().seenSeq;
    const asked = this.dialog.open<string>(CloseCaseDialog, {
      data: { name: this.name() },
      ariaLabelledBy: 'close-case',
    });
    const reason = await firstValueFrom(asked.closed);
    const row = this.row();
    if (reason === undefined || row === undefined) return;
    await this.run(() => this.changes.close(row, seenSeq, reason));
  }

  /** Puts the cursor into the composer. */
  reply(): void {
    this.element.nativeElement.querySelector('textarea')?.focus();
  }

  /** For screen readers and narrow screens, where the pane has just come in view. */
  focusHeading(): void {
    this.element.nativeElement.querySelector<HTMLElement>('h2')?.focus();
  }

  private async run(change: () => Promise<CaseOutcome>): Promise<void> {
    if (this.isBusy()) return;
    this.isFocusDue = true;
    this.isBusy.set(true);
    this.outcome.set(undefined);
    const outcome = await change();
    this.isBusy.set(false);
    if (outcome.kind !== 'done') this.outcome.set(outcome);
  }
}

const STANDINGS: Readonly<Record<InboxFilter, 'waiting' | 'mine' | 'others' | 'closed'>> = {
  [InboxFilter.UNSPECIFIED]: 'closed',
  [InboxFilter.WAITING]: 'waiting',
  [InboxFilter.MINE]: 'mine',
  [InboxFilter.OTHERS]: 'others',
  [InboxFilter.CLOSED]: 'closed',
};
