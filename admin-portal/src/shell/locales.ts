import type { Language } from '@energy-chat/client/angular/language/languages.js';

/** British order and 24 hours, as in the rest of Europe. */
export const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', ro: 'ro-RO' };
