import { Component, computed, inject, input } from '@angular/core';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Languages } from '@energy-chat/client/angular/language/languages.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { topicKey } from '../conversation/topic-key.js';
import { Avatar } from '../shell/avatar.js';
import { DeskIcon } from '../shell/desk-icon.js';
import { Clock } from '@energy-chat/client/angular/language/clock.js';
import { entryTimeLabel } from './entry-time-label.js';
import { LONG_WAIT_MS, waitingLabel } from './waiting-label.js';

/** One conversation in the list. */
@Component({
  selector: 'admin-inbox-row',
  imports: [Avatar, DeskIcon],
  templateUrl: './inbox-row.html',
  styleUrl: './inbox-row.css',
  host: {
    '[class.is-waiting-long]': 'waitsLong()',
    '[class.has-left]': 'hasLeft()',
    '[class.is-unread]': 'unread() > 0',
  },
})
export class InboxRow {
  readonly row = input.required<Conversation>();
  readonly isTyping = input(false);
  /** It stands in another list by now. */
  readonly hasLeft = input(false);
  readonly showsAssignee = input(false);

  private readonly clock = inject(Clock);
  private readonly languages = inject(Languages);
  protected readonly texts = inject(Texts);

  protected readonly name = computed(() => this.row().client?.displayName ?? '');
  protected readonly unread = computed(() => this.row().supportProgress?.unread ?? 0);
  protected readonly assignee = computed(() => this.row().openCase?.assignee?.displayName ?? '');
  protected readonly topic = computed(() => topicKey(this.row().openCase?.topic));
  private readonly waitedMs = computed(() => {
    const { awaitingTime } = this.row();
    return awaitingTime === undefined ? undefined : this.clock.now() - timestampMs(awaitingTime);
  });
  protected readonly waitsLong = computed(() => (this.waitedMs() ?? 0) >= LONG_WAIT_MS);
  protected readonly waiting = computed(() => {
    const ms = this.waitedMs();
    return ms === undefined ? undefined : waitingLabel(ms, this.languages.current());
  });
  protected readonly waitingInFull = computed(() =>
    waitingLabel(this.waitedMs() ?? 0, this.languages.current(), 'long'),
  );
  protected readonly lastEntry = computed(() => {
    const { lastEntryTime } = this.row();
    return lastEntryTime && entryTimeLabel(timestampMs(lastEntryTime), this.clock.now(), this.languages.locale());
  });
}
