import { describe, expect, it } from 'vitest';
import en from './en.json' with { type: 'json' };
import ro from './ro.json' with { type: 'json' };

/** Every text by its key. */
function textsOf(tree: object, before = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
      if (typeof value === 'object' && value !== null) return [...textsOf(value, `${before}${key}.`)];
      return [[`${before}${key}`, String(value)] as const];
    }),
  );
}

const placeholders = (text: string | undefined): string[] => (text?.match(/\{\{\w+\}\}/g) ?? []).toSorted();

describe('the texts of the portal', () => {
  it('are all there in Romanian, with the plural form for few, and no others', () => {
    const keys = [...textsOf(en).keys()];
    const few = keys.filter((key) => key.endsWith('.one')).map((key) => key.replace(/one$/, 'few'));
    expect(few.length).toBeGreaterThan(0);
    expect([...textsOf(ro).keys()].toSorted()).toEqual([...keys, ...few].toSorted());
  });

  it('name in Romanian what they name in English', () => {
    const romanian = textsOf(ro);
    const named = ([key, text]: readonly [string, string | undefined]): string => `${key} ${placeholders(text).join()}`;
    expect([...textsOf(en).keys()].map((key) => named([key, romanian.get(key)]))).toEqual([...textsOf(en)].map(named));
  });

  it('are written with the comma below, not with the cedilla', () => {
    expect([...textsOf(ro).values()].filter((text) => /[şţŞŢ]/u.test(text))).toEqual([]);
  });
});
