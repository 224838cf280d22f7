import { invalidField } from '../chat-error.js';
import type { Person } from './caller.js';
import type { Languages } from './languages.port.js';

const LONGEST_TAG = 35;

/** The caller reads in this language from now on. */
export class SetLanguage {
  constructor(private readonly languages: Languages) {}

  /** `language` is a BCP 47 tag of at most 35 characters, kept in its canonical form: `ro-md` as `ro-MD`. */
  async run(person: Person, language: string): Promise<void> {
    await this.languages.keep(person, canonical(language));
  }
}

function canonical(language: string): string {
  const tag = language.length <= LONGEST_TAG ? canonicalLocale(language) : undefined;
  if (tag === undefined || tag.length > LONGEST_TAG) {
    throw invalidField('language', `a language is a BCP 47 tag of at most ${LONGEST_TAG} characters, as "ro".`);
  }
  return tag;
}

function canonicalLocale(language: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(language)[0];
  } catch {
    return undefined;
  }
}
