import type { Translation } from '@jsverse/transloco';
import type { Language } from './languages.js';

/** The chat's own texts, to be put together with the portal's. */
export async function loadChatTexts(language: Language): Promise<Translation> {
  const file = (await import(`../i18n/${language}.json`)) as { readonly default: Translation };
  return file.default;
}
