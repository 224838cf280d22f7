import { DestroyRef, effect, inject, Injectable, signal } from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { hasLeft } from './has-left.js';

/** Below this width the panel fills the screen; the same stands in chat-panel.css. */
const PHONE = '(max-width: 39.99rem)';

/** Whether the chat is open, also while its person has to sign in again. Whoever comes next finds it closed. */
@Injectable({ providedIn: 'root' })
export class PanelState {
  private readonly phone = matchMedia(PHONE);
  private readonly opened = signal(false);
  private readonly isOnPhone = signal(this.phone.matches);
  readonly isOpen = this.opened.asReadonly();
  readonly fillsScreen = this.isOnPhone.asReadonly();

  constructor() {
    const follow = ({ matches }: MediaQueryListEvent): void => this.isOnPhone.set(matches);
    this.phone.addEventListener('change', follow);
    const { sessionState, me } = inject(ChatConnection);
    let personId: string | undefined;
    effect(() => {
      const now = me()?.id;
      if (hasLeft(sessionState()) || (now !== undefined && personId !== undefined && now !== personId)) this.close();
      personId = now ?? personId;
    });
    inject(DestroyRef).onDestroy(() => this.phone.removeEventListener('change', follow));
  }

  open(): void {
    this.opened.set(true);
  }

  close(): void {
    this.opened.set(false);
  }
}
