import { computed, DOCUMENT, effect, inject, Injectable, signal, untracked } from '@angular/core';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Texts } from '../language/texts.js';
import { Notices } from './notices.js';

export interface Followed {
  /** None: nothing is followed. */
  readonly store: () => ConversationStore | undefined;
  /** The thread is in sight, if only the page is. */
  readonly isOpen: () => boolean;
  readonly unread: () => number;
  readonly open: () => void;
}

/**
 * Tells a client of new messages of their conversation, and when to offer it: once they have written, or an answer came
 * while they were away. Nothing is told of what was there before, or of one's own.
 */
@Injectable({ providedIn: 'root' })
export class MessageNotices {
  private readonly notices = inject(Notices);
  private readonly texts = inject(Texts);
  private readonly document = inject(DOCUMENT);
  private readonly isMoment = signal(false);
  private known: { readonly store: ConversationStore; readonly seq: number } | undefined;

  /** Now is the moment to ask. */
  readonly isOffered = computed(
    () => this.isMoment() && this.notices.isPossible && this.notices.choice() === 'not asked',
  );

  /** Call it while a component or service is made. */
  follow(followed: Followed): void {
    effect(() => {
      const store = followed.store();
      if (store === undefined || store.loading()) return;
      const entries = store.entries();
      untracked(() => this.look(store, entries, followed));
    });
    effect(() => {
      const store = followed.store();
      if (store !== undefined && followed.unread() === 0) untracked(() => this.notices.clear(store.conversationId));
    });
  }

  private look(store: ConversationStore, entries: readonly Entry[], followed: Followed): void {
    const lastSeq = entries.at(-1)?.seq ?? 0;
    const isFollowed = this.known?.store === store;
    // Of another person, it may be.
    if (!isFollowed) this.isMoment.set(false);
    const before = isFollowed ? (this.known?.seq ?? lastSeq) : lastSeq;
    this.known = { store, seq: Math.max(before, lastSeq) };
    const added = entries.filter(({ seq }) => seq > before);
    if (added.some(({ content, author }) => content.case === 'message' && author?.side === Side.CLIENT)) {
      this.isMoment.set(true);
    }
    const news = added.findLast(isForClient);
    if (news === undefined) return;
    const isSeen = (): boolean =>
      followed.isOpen() && this.document.visibilityState === 'visible' && this.document.hasFocus();
    if (!isSeen()) this.isMoment.set(true);
    void this.notices.tell({
      id: store.conversationId,
      news: String(news.seq),
      title: news.author?.displayName || this.texts.say('notices.support'),
      text: this.texts.say('notices.newMessage'),
      // The number of unread messages comes after the entry: by it, everything new would count as read.
      isSeen: () => isSeen() || (store.myProgress()?.readSeq ?? 0) >= news.seq,
      open: followed.open,
    });
  }
}

function isForClient({ content, author }: Entry): boolean {
  if (content.case === 'systemMessage') return true;
  return content.case === 'message' && author?.side !== Side.CLIENT && content.value.removedTime === undefined;
}
