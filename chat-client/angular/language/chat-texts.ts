import type { Translation } from '@jsverse/transloco';
import type { Language } from './languages.js';

/** The chat's own texts, to be put together with the portal's. */
export async function loadChatTexts(language: Language): Promise<Translation> {
  const file: { readonly default: Translation } = await import(`../i18n/${language}.json`);
  return file.default;
}
