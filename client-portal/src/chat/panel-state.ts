import { DestroyRef, effect, inject, Injectable, signal } from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { hasLeft } from './has-left.js';

/** In so small a window the panel fills the screen; the same stands in chat-panel.css. */
const PHONE = '(max-width: 39.99rem), (max-height: 35.99rem)';

/**
 * Whether the chat is open, also while its person has to sign in again. Whoever comes next finds it closed. Where it fills
 * the screen, the browser's own way back leads from it to the page.
 */
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
    const wentBack = (): void => this.opened.set(false);
    addEventListener('popstate', wentBack);
    const { sessionState, me } = inject(ChatConnection);
    let personId: string | undefined;
    effect(() => {
      const now = me()?.id;
      if (hasLeft(sessionState()) || (now !== undefined && personId !== undefined && now !== personId))
        this.opened.set(false);
      personId = now ?? personId;
    });
    inject(DestroyRef).onDestroy(() => {
      this.phone.removeEventListener('change', follow);
      removeEventListener('popstate', wentBack);
    });
  }

  open(): void {
    if (this.isOpen()) return;
    this.opened.set(true);
    if (this.fillsScreen()) history.pushState(PANEL, '');
  }

  close(): void {
    this.opened.set(false);
    if (isPanel(history.state)) history.back();
  }
}

/** What the browser remembers of the place where the panel fills the screen. */
const PANEL = { shows: 'chat' } as const;

function isPanel(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'shows' in state && state.shows === PANEL.shows;
}
