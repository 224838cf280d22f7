import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import en from '../i18n/en.json';
import ro from '../i18n/ro.json';
import { MemoryService } from '../../src/testing/memory-service.js';
import { preparePage } from '../testing/chat-page.js';
import { Dates } from './dates.js';
import { Languages } from './languages.js';
import { Texts } from './texts.js';

/** Every text by its key. */
function textsOf(tree: object, before = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
      if (typeof value === 'object' && value !== null) return [...textsOf(value, `${before}${key}.`)];
      return [[`${before}${key}`, String(value)] as const];
    }),
  );
}

describe('the texts of the chat', () => {
  beforeEach(() => {
    preparePage(new MemoryService());
  });

  it('are the same in both languages', () => {
    expect([...textsOf(ro).keys()]).toEqual([...textsOf(en).keys()]);
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

  it('follow the chosen language, which is kept and stands on the page', () => {
    const texts = TestBed.inject(Texts);
    expect(texts.say('composer.send')).toBe('Send');
    TestBed.inject(Languages).use('ro');
    TestBed.tick();
    expect(texts.say('composer.send')).toBe('Trimite');
    expect(document.documentElement.lang).toBe('ro');
    expect(localStorage.getItem('energy-chat/language')).toBe('ro');
  });

  it('count as the language counts', () => {
    const texts = TestBed.inject(Texts);
    const count = (number: number): string => texts.sayCount('thread.newBelow', number);
    expect([1, 2].map(count)).toEqual(['1 new message', '2 new messages']);
    TestBed.inject(Languages).use('ro');
    expect([1, 2, 19, 20, 101].map(count)).toEqual([
      'Un mesaj nou',
      '2 mesaje noi',
      '19 mesaje noi',
      '20 de mesaje noi',
      '101 mesaje noi',
    ]);
  });

  it('name days by their distance, then by their date', () => {
    const dates = TestBed.inject(Dates);
    const now = new Date(2026, 2, 12, 0, 10);
    expect(dates.day(new Date(2026, 2, 12, 0, 1), now)).toBe('Today');
    expect(dates.day(new Date(2026, 2, 11, 23, 59), now)).toBe('Yesterday');
    expect(dates.day(new Date(2026, 2, 1), now)).toBe('1 March');
    expect(dates.day(new Date(2025, 2, 1), now)).toBe('1 March 2025');
    expect(dates.time(new Date(2026, 2, 12, 14, 2))).toBe('14:02');
    TestBed.inject(Languages).use('ro');
    expect(dates.day(new Date(2026, 2, 1), now)).toBe('1 martie');
  });
});
