import { inject, makeEnvironmentProviders, provideEnvironmentInitializer } from '@angular/core';
import type { EnvironmentProviders } from '@angular/core';
import { ConversationStores } from '../conversation/conversation-stores.js';
import { LanguageTold } from '../language/language-told.js';
import { CHAT_AUDIENCE } from './chat-audience.js';
import type { ChatAudience } from './chat-audience.js';
import { ChatConnection } from './chat-connection.js';

/** The chat of one portal. Nothing connects before somebody signs in or is resumed. */
export function provideChat({ audience }: { readonly audience: ChatAudience }): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: CHAT_AUDIENCE, useValue: audience },
    ChatConnection,
    ConversationStores,
    LanguageTold,
    provideEnvironmentInitializer(() => inject(LanguageTold)),
  ]);
}
