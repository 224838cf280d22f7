import { Component, computed, effect, inject, signal } from '@angular/core';
import { Icon } from '../icon/icon.js';
import type { IconName } from '../icon/icon.js';
import { Texts } from '../language/texts.js';
import { ChatConnection } from './chat-connection.js';

/** A hiccup that is over sooner is nobody's business, in milliseconds. */
const PATIENCE_MS = 2_000;

type Notice = 'connecting' | 'reconnecting' | 'offline' | 'sessionOver';

/** Says that the page is not connected, what that means for what is being written, and when the session is over. */
@Component({
  selector: 'chat-connection-notice',
  imports: [Icon],
  template: `
    <p role="status" [class]="notice() ?? ''">
      @if (notice(); as notice) {
        <chat-icon [name]="icon()" />{{ texts.say('connection.' + notice) }}
      }
    </p>
  `,
  styleUrl: './connection-notice.css',
})
export class ConnectionNotice {
  protected readonly texts = inject(Texts);
  private readonly connection = inject(ChatConnection);
  private readonly isPatienceOver = signal(false);

  protected readonly notice = computed<Notice | undefined>(() => {
    const session = this.connection.sessionState();
    if (session.kind === 'signed-out') {
      return session.reason === 'NEVER_SIGNED_IN' || session.reason === 'SIGNED_OUT' ? undefined : 'sessionOver';
    }
    const status = this.connection.status();
    if (status === 'offline') return 'offline';
    const isWaiting = status === 'connecting' || status === 'reconnecting';
    return isWaiting && this.isPatienceOver() ? status : undefined;
  });
  protected readonly icon = computed<IconName>(() => (this.notice() === 'offline' ? 'offline' : 'clock'));
  /** From connecting to reconnecting and back no new wait begins. */
  private readonly isWaiting = computed(() => ['connecting', 'reconnecting'].includes(this.connection.status()));

  constructor() {
    effect((onCleanup) => {
      this.isPatienceOver.set(false);
      if (!this.isWaiting()) return;
      const timer = setTimeout(() => this.isPatienceOver.set(true), PATIENCE_MS);
      onCleanup(() => clearTimeout(timer));
    });
  }
}
