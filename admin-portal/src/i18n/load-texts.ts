import { loadChatTexts } from '@energy-chat/client/angular/language/chat-texts.js';
import type { Language } from '@energy-chat/client/angular/language/languages.js';
import type { Translation } from '@jsverse/transloco';

/** The texts of this portal, with the chat's. */
export async function loadTexts(language: Language): Promise<Translation> {
  const portal = import(`./${language}.json`) as Promise<{ readonly default: Translation }>;
  return { ...(await loadChatTexts(language)), ...(await portal).default };
}
