import { DestroyRef, inject, Injectable } from '@angular/core';
import { ChatConnection } from '../connection/chat-connection.js';
import { Drafts } from './drafts.js';
import { ConversationStore } from './conversation-store.js';

interface Opened {
  readonly store: ConversationStore;
  stopKeepingDraft(): void;
}

/** The open conversations of who is signed in, one store each. They end when somebody else signs in. */
@Injectable()
export class ConversationStores {
  private readonly connection = inject(ChatConnection);
  private readonly drafts = inject(Drafts);
  private readonly opened = new Map<string, Opened>();
  private personId = this.connection.session.me?.id;

  constructor() {
    const stopListening = this.connection.session.listen({
      stateChanged: (state) => {
        if (state.kind === 'signed-out') {
          if (state.reason === 'SIGNED_OUT') this.closeAll();
          return;
        }
        if (this.personId !== undefined && this.personId !== state.me.id) this.closeAll();
        this.personId = state.me.id;
      },
    });
    inject(DestroyRef).onDestroy(() => {
      stopListening();
      this.closeAll();
    });
  }

  /** Opened already: the same store. Somebody has to be signed in. */
  open(conversationId: string): ConversationStore {
    const known = this.opened.get(conversationId);
    if (known !== undefined) return known.store;
    this.connection.goLive();
    const { chat, watch, session, outgoing } = this.connection;
    const store = new ConversationStore(conversationId, { chat, watch, session, outgoing });
    const stopKeepingDraft = this.drafts.keep(session.me?.id ?? '', conversationId, store.draft);
    this.opened.set(conversationId, { store, stopKeepingDraft });
    return store;
  }

  /** Its draft stays. */
  close(conversationId: string): void {
    const known = this.opened.get(conversationId);
    if (known === undefined) return;
    this.opened.delete(conversationId);
    known.stopKeepingDraft();
    known.store.close();
  }

  private closeAll(): void {
    for (const id of [...this.opened.keys()]) this.close(id);
  }
}
