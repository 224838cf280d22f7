import { invalidField } from '../chat-error.js';
import type { Person } from './caller.js';
import { canonicalTag, LONGEST_TAG } from './language-tag.js';
import type { Languages } from './languages.port.js';

/** The caller reads in this language from now on. */
export class SetLanguage {
  constructor(private readonly languages: Languages) {}

  /** `language` is a BCP 47 tag of at most 35 characters, kept in its canonical form: `ro-md` as `ro-MD`. */
  async run(person: Person, language: string): Promise<void> {
    const tag = canonicalTag(language);
    if (tag === undefined) {
      throw invalidField('language', `a language is a BCP 47 tag of at most ${LONGEST_TAG} characters, as "ro".`);
    }
    await this.languages.keep(person, tag);
  }
}
