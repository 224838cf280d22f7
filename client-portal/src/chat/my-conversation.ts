import { computed, effect, inject, Injectable, signal } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { ConversationStores } from '@energy-chat/client/angular/conversation/conversation-stores.js';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { hasLeft } from './has-left.js';

interface Opened {
  readonly personId: string;
  readonly store: ConversationStore;
  /** As it was when the conversation was opened. */
  readonly row: Conversation;
}

/**
 * The conversation of the client who is signed in, opened at sign-in, so that the button can tell of unread messages and
 * the panel has its thread at once. It stays when the session is over, for the same person to go on.
 */
@Injectable()
export class MyConversation {
  private readonly connection = inject(ChatConnection);
  private readonly stores = inject(ConversationStores);
  private readonly opened = signal<Opened | undefined>(undefined);
  private readonly problem = signal<ChatError | undefined>(undefined);
  private readonly personId = computed(() => this.connection.me()?.id);

  readonly store = computed(() => this.opened()?.store);
  /** Why there is no store. */
  readonly failure = this.problem.asReadonly();
  readonly unread = computed(() => {
    const opened = this.opened();
    return (opened?.store.row() ?? opened?.row)?.clientProgress?.unread ?? 0;
  });

  constructor() {
    effect((onCleanup) => {
      const personId = this.personId();
      const state = this.connection.sessionState();
      if (personId === undefined) {
        if (hasLeft(state)) this.opened.set(undefined);
        return;
      }
      const leaving = new AbortController();
      onCleanup(() => leaving.abort());
      void this.open(personId, leaving.signal);
    });
  }

  /** Again, after a failure. */
  async reopen(): Promise<void> {
    const personId = this.personId();
    if (personId !== undefined) await this.open(personId, new AbortController().signal);
  }

  private async open(personId: string, signal: AbortSignal): Promise<void> {
    if (this.opened()?.personId === personId) return;
    this.opened.set(undefined);
    this.problem.set(undefined);
    try {
      const { conversation } = await this.connection.chat.getMyConversation({
        signal,
        deadlineMs: Number.POSITIVE_INFINITY,
      });
      if (signal.aborted || this.personId() !== personId) return;
      this.opened.set({ personId, store: this.stores.open(conversation.id), row: conversation });
    } catch (failure) {
      if (!signal.aborted) this.problem.set(ChatError.from(failure));
    }
  }
}
