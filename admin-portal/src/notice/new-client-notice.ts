import { DOCUMENT } from '@angular/common';
import { LiveAnnouncer } from '@angular/cdk/a11y';
import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { InboxStore } from '../inbox/inbox-store.js';
import { NewChatSound } from './new-chat-sound.js';

/** How long a row looks new, in milliseconds. */
const FRESH_MS = 6_000;
/** One tab rings for all; the others find the bell taken for so long, in milliseconds. */
const BELL_MS = 3_000;

/** Tells that a new client waits: the row looks new for a moment, a screen reader says so, and the bell rings. */
@Injectable()
export class NewClientNotice {
  private readonly sound = inject(NewChatSound);
  private readonly announcer = inject(LiveAnnouncer);
  private readonly words = inject(Texts);
  private readonly locks = inject(DOCUMENT).defaultView?.navigator.locks;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly freshIds = signal<ReadonlySet<string>>(new Set());
  private readonly offered = signal(false);

  /** Conversations that have come a moment ago. */
  readonly fresh = this.freshIds.asReadonly();
  /** Somebody has come while the sound had never been asked about: now is the moment to ask. */
  readonly offersSound = this.offered.asReadonly();

  constructor() {
    const stop = inject(InboxStore).onNewClient((row) => this.tell(row));
    inject(DestroyRef).onDestroy(() => {
      stop();
      for (const timer of this.timers) clearTimeout(timer);
    });
  }

  answerOffer(on: boolean): void {
    this.offered.set(false);
    if (on) this.sound.turnOn();
    else this.sound.turnOff();
  }

  private tell({ id, client }: Conversation): void {
    this.freshIds.update((ids) => new Set(ids).add(id));
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.freshIds.update((ids) => new Set([...ids].filter((each) => each !== id)));
    }, FRESH_MS);
    this.timers.add(timer);
    const name = client?.displayName ?? '';
    void this.announcer.announce(this.words.say('notice.newClient', { name }), 'polite');
    if (this.sound.isPossible && this.sound.choice() === 'not asked') this.offered.set(true);
    void this.ringOnce(id);
  }

  private async ringOnce(id: string): Promise<void> {
    if (this.sound.choice() !== 'on') return;
    if (this.locks === undefined) {
      this.sound.play();
      return;
    }
    await this.locks.request(`energy-chat/admin/bell/${id}`, { ifAvailable: true }, async (bell) => {
      if (bell === null) return;
      this.sound.play();
      await new Promise((resolve) => setTimeout(resolve, BELL_MS));
    });
  }
}
