import { TestBed } from '@angular/core/testing';
import type { Provider } from '@angular/core';
import { vi } from 'vitest';
import { CHAT_TRANSPORT } from '../connection/chat-transport.js';
import { ChatConnection } from '../connection/chat-connection.js';
import { provideChat } from '../connection/provide-chat.js';
import type { ChatAudience } from '../connection/chat-audience.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { ConversationStores } from '../conversation/conversation-stores.js';
import { bundledTexts, type PortalTexts } from './bundled-texts.js';
import { provideLanguages } from '../language/provide-languages.js';
import type { MemoryService } from '../../src/testing/memory-service.js';

/** A page of the chat over a service in memory; `texts` are the portal's. */
export function preparePage(
  service: MemoryService,
  audience: ChatAudience = 'client',
  texts: PortalTexts = { en: {}, ro: {} },
  providers: readonly Provider[] = [],
): ChatConnection {
  localStorage.clear();
  sessionStorage.clear();
  localStorage.setItem('energy-chat/language', 'en');
  service.cookie = '';
  TestBed.configureTestingModule({
    providers: [
      provideChat({ audience }),
      provideLanguages(bundledTexts(texts)),
      { provide: CHAT_TRANSPORT, useValue: service.transport() },
      ...providers,
    ],
  });
  return TestBed.inject(ChatConnection);
}

/** Its conversation c1, for who is called so. */
export async function openConversation(connection: ChatConnection, login = 'ana'): Promise<ConversationStore> {
  await connection.signIn(login, 'right');
  const store = TestBed.inject(ConversationStores).open('c1');
  await until(() => !store.loading() && connection.status() === 'live' && store.row() !== undefined);
  return store;
}

/** Waits until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 5_000, interval: 5 });
}
