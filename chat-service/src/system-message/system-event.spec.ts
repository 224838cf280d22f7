import { describe, expect, it } from '@jest/globals';
import { systemEvent } from '../testing/system-messages-under-test.js';
import { checkedSystemEvent, requestIdOf, textFor, type Recipient, type SystemEvent } from './system-event.js';

const check = (changes: Partial<SystemEvent>) => checkedSystemEvent(systemEvent(changes), 'en');
const recipients = (count: number): Recipient[] =>
  Array.from({ length: count }, () => ({ by: 'client_id', value: '4' }));

describe('checkedSystemEvent', () => {
  it('takes an event at its bounds', () => {
    const texts = { en: 'x'.repeat(4_000), ro: 'y' };
    expect(check({ eventId: 'x'.repeat(255), recipients: recipients(1_000), texts })).toMatchObject({ texts });
  });

  it('names languages in their canonical form', () => {
    expect(check({ texts: { EN: 'Hello.', 'ro-md': 'Bună.' } }).texts).toEqual({ en: 'Hello.', 'ro-MD': 'Bună.' });
  });

  it.each<[string, Partial<SystemEvent>, string]>([
    ['no event id', { eventId: '' }, 'event_id'],
    ['too long an event id', { eventId: 'x'.repeat(256) }, 'event_id'],
    ['no recipients', { recipients: [] }, 'recipients'],
    ['too many recipients', { recipients: recipients(1_001) }, 'recipients'],
    ['a recipient without a name', { recipients: [{ by: 'login', value: '' }] }, 'recipients'],
    ['no text', { texts: {} }, 'texts'],
    ['no text in the default language', { texts: { ro: 'Bună.' } }, 'texts'],
    ['a language that is none', { texts: { en: 'x', 'e n': 'x' } }, 'texts'],
    ['an invisible text', { texts: { en: '\u200b' } }, 'text'],
    ['a link that is no https', { link: 'http://example.com' }, 'link'],
    ['a link that runs', { link: 'javascript:alert(1)' }, 'link'],
    ['a link with a password', { link: 'https://a:b@example.com' }, 'link'],
    ['too long a link', { link: `https://example.com/${'x'.repeat(2_000)}` }, 'link'],
  ])('refuses %s', (_, changes, field) => {
    expect(() => check(changes)).toThrow(expect.objectContaining({ reason: 'INVALID_FIELD', facts: { field } }));
  });

  it('refuses too long a text', () => {
    expect(() => check({ texts: { en: 'x'.repeat(4_001) } })).toThrow(
      expect.objectContaining({ reason: 'MESSAGE_TOO_LONG' }),
    );
  });
});

describe('textFor', () => {
  const texts = { en: 'Hello.', ro: 'Bună.', 'pt-BR': 'Oi.' };
  it.each([
    ['ro', 'Bună.'],
    ['ro-MD', 'Bună.'],
    ['pt-BR', 'Oi.'],
    ['pt', 'Hello.'],
    [undefined, 'Hello.'],
  ])('chooses for who reads %s', (language, text) => {
    expect(textFor(texts, language, 'en')).toBe(text);
  });
});

describe('requestIdOf', () => {
  it('keeps an id that may be one, and makes one of every other', () => {
    expect(requestIdOf('reading/17')).toBe('reading/17');
    const ids = ['x'.repeat(65), 'x'.repeat(66), 'two words', 'ünïcode'].map(requestIdOf);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[!-~]{1,64}$/);
    expect(requestIdOf('two words')).toBe(requestIdOf('two words'));
  });
});
