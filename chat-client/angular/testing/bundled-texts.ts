import type { Translation } from '@jsverse/transloco';
import en from '../i18n/en.json';
import ro from '../i18n/ro.json';
import type { Language, LoadTexts } from '../language/languages.js';

/** The texts of one portal. */
export type PortalTexts = Readonly<Record<Language, Translation>>;

const CHAT: PortalTexts = { en, ro };

/** Texts that are there at once. */
export function bundledTexts(portal: PortalTexts): LoadTexts {
  return (language) => ({ ...CHAT[language], ...portal[language] });
}
