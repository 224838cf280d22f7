import { describe, expect, it } from '@jest/globals';
import { checkedText } from './request-fields.js';

describe("a message's text", () => {
  it.each(['Bună ziua', '👍', '.', 'مرحبا', '\u200b!'])('may be %j', (text) => {
    expect(checkedText(text)).toBe(text);
  });

  it.each(['', ' \n\t', '\u200b', '\0', '\u2060\ufeff \u00ad', '\u202e'])(
    'needs something to see, unlike %j',
    (text) => {
      expect(() => checkedText(text)).toThrow(expect.objectContaining({ reason: 'INVALID_FIELD' }));
    },
  );

  it('is whole: half a surrogate pair is refused', () => {
    expect(() => checkedText('half \ud83d')).toThrow(expect.objectContaining({ reason: 'INVALID_FIELD' }));
  });

  it('has 4,000 units at most, and a longer one says so and names the limit', () => {
    expect(checkedText('x'.repeat(4_000))).toHaveLength(4_000);
    expect(() => checkedText('x'.repeat(4_001))).toThrow(
      expect.objectContaining({ reason: 'MESSAGE_TOO_LONG', facts: { field: 'text', limit: '4000' } }),
    );
  });
});
