import { LiveAnnouncer } from '@angular/cdk/a11y';
import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { Notices } from '@energy-chat/client/angular/notices/notices.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { OpenConversations } from '../desk/open-conversations.js';
import { InboxStore } from './inbox-store.js';

/** How long a row looks new, in milliseconds. */
const FRESH_MS = 6_000;

/** Tells that a new client waits: the row looks new for a moment, a screen reader says so, and the bell rings. */
@Injectable()
export class NewClientNotice {
  private readonly notices = inject(Notices);
  private readonly announcer = inject(LiveAnnouncer);
  private readonly words = inject(Texts);
  private readonly open = inject(OpenConversations);
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
    if (on) this.notices.turnOn();
    else this.notices.turnOff();
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
    if (this.notices.isPossible && this.notices.choice() === 'not asked') this.offered.set(true);
    void this.notices.tell({
      id,
      news: 'waiting',
      title: name,
      text: this.words.say('notice.waiting'),
      // Whoever sees the list has seen it, and wants to hear it all the same.
      isSeen: () => false,
      open: () => this.open.open(id),
    });
  }
}
