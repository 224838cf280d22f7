import { computed, DestroyRef, DOCUMENT, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { ConversationStores } from '@energy-chat/client/angular/conversation/conversation-stores.js';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { hasLeft } from './has-left.js';
import { PanelState } from './panel-state.js';

interface Found {
  readonly personId: string;
  /** As it was when the service was asked. */
  readonly row: Conversation;
  readonly askedAt: number;
}

/** Who comes back to the page sooner finds the number of unread messages as it was, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * The conversation of the client who is signed in. Until the chat is opened the service is asked once for its row, for
 * the number of unread messages, and again when its person comes back to the page; nothing is connected. From then on
 * its store follows it, also while the chat is closed and when the session is over, for the same person to go on.
 */
@Injectable()
export class MyConversation {
  private readonly connection = inject(ChatConnection);
  private readonly stores = inject(ConversationStores);
  private readonly panel = inject(PanelState);
  private readonly found = signal<Found | undefined>(undefined);
  private readonly opened = signal<ConversationStore | undefined>(undefined);
  private readonly problem = signal<ChatError | undefined>(undefined);
  private readonly personId = computed(() => this.connection.me()?.id);

  readonly store = this.opened.asReadonly();
  /** Why there is no store. */
  readonly failure = this.problem.asReadonly();
  readonly unread = computed(() => (this.store()?.row() ?? this.found()?.row)?.clientProgress?.unread ?? 0);

  constructor() {
    effect((onCleanup) => {
      const personId = this.personId();
      const state = this.connection.sessionState();
      if (personId === undefined) {
        if (hasLeft(state)) this.forget();
        return;
      }
      const leaving = new AbortController();
      onCleanup(() => leaving.abort());
      void this.find(personId, leaving.signal);
    });
    effect(() => {
      const found = this.found();
      if (found === undefined || !this.panel.isOpen() || this.store() !== undefined) return;
      if (this.personId() === found.personId) untracked(() => this.opened.set(this.stores.open(found.row.id)));
    });
    this.lookAgainInFront();
  }

  /** Again, after a failure. */
  async reopen(): Promise<void> {
    const personId = this.personId();
    if (personId !== undefined) await this.find(personId, new AbortController().signal);
  }

  private async find(personId: string, signal: AbortSignal): Promise<void> {
    if (this.found()?.personId === personId) return;
    this.forget();
    try {
      const row = await this.ask(signal);
      if (signal.aborted || this.personId() !== personId) return;
      this.found.set({ personId, row, askedAt: Date.now() });
    } catch (failure) {
      if (!signal.aborted) this.problem.set(ChatError.from(failure));
    }
  }

  private async ask(signal?: AbortSignal): Promise<Conversation> {
    const limits = { signal, deadlineMs: Number.POSITIVE_INFINITY };
    return (await this.connection.chat.getMyConversation(limits)).conversation;
  }

  private forget(): void {
    this.found.set(undefined);
    this.opened.set(undefined);
    this.problem.set(undefined);
  }

  private lookAgainInFront(): void {
    const document = inject(DOCUMENT);
    const look = (): void => {
      const found = this.found();
      if (document.visibilityState !== 'visible' || found === undefined || this.store() !== undefined) return;
      if (this.personId() !== found.personId || Date.now() - found.askedAt < FRESH_MS) return;
      this.found.set({ ...found, askedAt: Date.now() });
      const again = async (): Promise<void> => {
        const row = await this.ask();
        this.found.update((now) => (now?.personId === found.personId ? { ...now, row } : now));
      };
      // What was found before stays.
      again().catch(() => undefined);
    };
    document.addEventListener('visibilitychange', look);
    inject(DestroyRef).onDestroy(() => document.removeEventListener('visibilitychange', look));
  }
}
