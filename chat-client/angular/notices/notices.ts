import { computed, DestroyRef, DOCUMENT, inject, Injectable, InjectionToken, signal } from '@angular/core';
import { CHAT_AUDIENCE } from '../connection/chat-audience.js';
import { ChatConnection } from '../connection/chat-connection.js';
import { KeptText } from '../connection/kept-text.js';
import { NoticeSound } from './notice-sound.js';
import { onceAmongTabs } from './once-among-tabs.js';

/** The browser's notifications; undefined where there are none. https://notifications.spec.whatwg.org/ */
export const NOTIFICATION = new InjectionToken<typeof Notification | undefined>('Notification', {
  providedIn: 'root',
  factory: () => {
    const view = inject(DOCUMENT).defaultView;
    return view !== null && 'Notification' in view ? view.Notification : undefined;
  },
});

export type NoticeChoice = 'on' | 'off' | 'not asked';

export interface Notice {
  /** Of the conversation: a newer notice of it takes the place of the older. */
  readonly id: string;
  /** What tells this piece of news from others of its conversation. */
  readonly news: string;
  readonly title: string;
  /** Never what was written: it shows on locked screens. */
  readonly text: string;
  /** Its person sees it in this page, now. */
  readonly isSeen: () => boolean;
  /** Shows it, after a click on the notification. */
  readonly open: () => void;
}

/** A tab that shows the news to its person comes before the others, which wait so long, in milliseconds. */
const AFTER_YOU_MS = 300;

/**
 * Sound and browser notification for what its person does not see. Nothing of it until they turned it on, which is
 * remembered for them in this browser; one tab of the browser tells, and none while one of them shows the news to them.
 */
@Injectable({ providedIn: 'root' })
export class Notices {
  private readonly audience = inject(CHAT_AUDIENCE);
  private readonly me = inject(ChatConnection).me;
  private readonly sound = inject(NoticeSound);
  private readonly Notification = inject(NOTIFICATION);
  private readonly document = inject(DOCUMENT);
  private readonly shown = new Map<string, Notification>();
  private readonly changes = signal(0);

  readonly choice = computed<NoticeChoice>(() => {
    this.changes();
    const kept = this.kept()?.read();
    return kept === 'on' || kept === 'off' ? kept : 'not asked';
  });
  readonly isPossible = this.sound.isPossible || this.Notification !== undefined;

  constructor() {
    const wake = (): void => {
      if (this.choice() === 'on') void this.sound.wake();
    };
    // After a reload browsers keep a page silent until the first click or key.
    for (const gesture of ['pointerdown', 'keydown']) this.document.addEventListener(gesture, wake);
    inject(DestroyRef).onDestroy(() => {
      for (const gesture of ['pointerdown', 'keydown']) this.document.removeEventListener(gesture, wake);
      for (const id of this.shown.keys()) this.clear(id);
    });
  }

  /** Call it while a click is handled: plays the sound once, and lets the browser ask about notifications. */
  turnOn(): void {
    this.choose('on');
    void this.sound.play();
    if (this.Notification?.permission === 'default') void this.Notification.requestPermission();
  }

  turnOff(): void {
    this.choose('off');
    for (const id of this.shown.keys()) this.clear(id);
  }

  async tell(notice: Notice): Promise<void> {
    if (this.choice() !== 'on') return;
    const personId = this.me()?.id;
    const isSeenHere = notice.isSeen();
    if (!isSeenHere) await new Promise((resolve) => setTimeout(resolve, AFTER_YOU_MS));
    if (this.me()?.id !== personId) return;
    const name = `energy-chat/${this.audience}/notice/${notice.id}/${notice.news}`;
    await onceAmongTabs(this.document.defaultView?.navigator.locks, name, () => {
      if (isSeenHere || notice.isSeen()) return;
      void this.sound.play();
      this.show(notice);
    });
  }

  /** What its notification told of has been seen. */
  clear(id: string): void {
    this.shown.get(id)?.close();
    this.shown.delete(id);
  }

  private show({ id, title, text, open }: Notice): void {
    if (this.Notification?.permission !== 'granted') return;
    try {
      const shown = new this.Notification(title, {
        body: text,
        tag: `energy-chat/${id}`,
        lang: this.document.documentElement.lang,
      });
      shown.addEventListener('click', () => {
        this.document.defaultView?.focus();
        open();
        this.clear(id);
      });
      this.shown.set(id, shown);
    } catch {
      // Chromium on Android shows them to service workers only: there the sound has to do.
    }
  }

  private choose(choice: 'on' | 'off'): void {
    this.kept()?.write(choice);
    this.changes.update((count) => count + 1);
  }

  private kept(): KeptText | undefined {
    const me = this.me();
    return me === undefined ? undefined : new KeptText('localStorage', `energy-chat/${this.audience}/notices/${me.id}`);
  }
}
