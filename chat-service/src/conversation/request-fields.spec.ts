import { describe, expect, it } from '@jest/globals';
import { checkedComment, checkedRating, checkedText } from './request-fields.js';

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

describe("a rating's comment", () => {
  it('may be 1,000 units of whole characters, or nothing', () => {
    expect(checkedComment('ț'.repeat(1_000))).toHaveLength(1_000);
    expect(checkedComment('')).toBe('');
  });

  it('is none when there is nothing to see in it', () => {
    expect(checkedComment(' \n\u200b')).toBe('');
  });

  it.each(['ț'.repeat(1_001), 'half \ud83d'])('is refused when it is too long or broken', (comment) => {
    const refusal = expect.objectContaining({ reason: 'INVALID_FIELD', facts: { field: 'comment' } });
    expect(() => checkedComment(comment)).toThrow(refusal);
  });
});

describe('a rating', () => {
  it.each([1, 3, 5])('may be %d', (rating) => expect(checkedRating(rating)).toBe(rating));

  it.each([0, 6])('cannot be %d', (rating) => {
    expect(() => checkedRating(rating)).toThrow(expect.objectContaining({ facts: { field: 'rating' } }));
  });
});
