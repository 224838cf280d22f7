import { describe, expect, it } from 'vitest';
import sharedEn from '../../../chat-client/angular/i18n/en.json';
import en from './en.json';
import ro from './ro.json';

/** Every text by its key. */
function textsOf(tree: object, before = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
      if (typeof value === 'object' && value !== null) return [...textsOf(value, `${before}${key}.`)];
      return [[`${before}${key}`, String(value)] as const];
    }),
  );
}

describe('the texts of the client portal', () => {
  it('are the same in both languages', () => {
    expect([...textsOf(ro).keys()]).toEqual([...textsOf(en).keys()]);
  });

  it('take no first part of a key from the chat', () => {
    expect(Object.keys(en).filter((key) => key in sharedEn)).toEqual([]);
  });

  it('have every plural form of their language', () => {
    for (const [language, texts] of Object.entries({ en, ro })) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const keys = [...textsOf(texts).keys()];
      const counted = keys.filter((key) => key.endsWith('.other') && keys.includes(key.replace(/other$/, 'one')));
      expect(counted).not.toEqual([]);
      const wanted = counted.flatMap((key) => forms.map((form) => key.replace(/other$/, form)));
      expect(wanted.filter((key) => !keys.includes(key))).toEqual([]);
    }
  });

  it('are written with the comma below, not with the cedilla', () => {
    expect([...textsOf(ro).values()].filter((text) => /[şţŞŢ]/u.test(text))).toEqual([]);
  });
});
