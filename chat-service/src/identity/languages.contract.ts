import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from './caller.js';
import type { Languages } from './languages.port.js';
import { SetLanguage } from './set-language.js';

export interface LanguagesUnderTest {
  readonly languages: Languages;
  /** The names kept of a person. */
  namesOf(personId: string): Promise<{ login: string; displayName: string } | undefined>;
  close(): Promise<void>;
}

const LONGEST = 'en-001-x-abcdefgh-abcdefgh-abcdefgh';
const TOO_LONG = 'en-Latn-x-abcdefgh-abcdefgh-abcdefgh';
let people = 0;

function somebody(): Person {
  people += 1;
  return { id: `person-${people}`, login: `login ${people}`, displayName: 'Ștefan', role: 'client' };
}

/** What every adapter of Languages keeps, as SetLanguage uses it. */
export function languagesContract(open: () => Promise<LanguagesUnderTest>): void {
  describe('languages', () => {
    let test: LanguagesUnderTest;
    let choose: (person: Person, language: string) => Promise<void>;
    beforeAll(async () => {
      test = await open();
      const setLanguage = new SetLanguage(test.languages);
      choose = (person, language) => setLanguage.run(person, language);
    });
    afterAll(() => test.close());

    it('knows none of who never was here', async () => {
      expect(await test.languages.languageOf('nobody')).toBeUndefined();
    });

    it('keeps the last choice of each, and who they were', async () => {
      const [one, other] = [somebody(), somebody()];
      await choose(one, 'ro');
      await choose(other, 'en');
      await choose(one, 'hu');
      await choose(one, 'hu');
      expect(await test.languages.languageOf(one.id)).toBe('hu');
      expect(await test.languages.languageOf(other.id)).toBe('en');
      expect(await test.namesOf(one.id)).toEqual({ login: one.login, displayName: 'Ștefan' });
    });

    it.each([
      ['RO', 'ro'],
      ['ro-md', 'ro-MD'],
      ['SR-latn-rs', 'sr-Latn-RS'],
      [LONGEST, LONGEST],
    ])('keeps %s as %s', async (given, kept) => {
      const person = somebody();
      await choose(person, given);
      expect(await test.languages.languageOf(person.id)).toBe(kept);
    });

    it.each(['', 'r', 'ro_RO', 'ro-', 'română', "ro' OR 1", 'ro\u0000', TOO_LONG])(
      'refuses %j and keeps the choice before',
      async (language) => {
        const person = somebody();
        await choose(person, 'ro');
        await expect(choose(person, language)).rejects.toMatchObject({
          reason: 'INVALID_FIELD',
          facts: { field: 'language' },
        });
        expect(await test.languages.languageOf(person.id)).toBe('ro');
      },
    );
  });
}
