import { describe, expect, it } from 'vitest';
import { plainName } from './plain-name.js';

describe('a name within a sentence', () => {
  it.each(['Ana Pop', 'Ștefan Țîrlea', '李雷', 'O’Neill-Gonzáles 👍🏽'])('stays as it is: %s', (name) => {
    expect(plainName(name)).toBe(name);
  });

  it('keeps its own direction and leaves that of the sentence alone', () => {
    expect(plainName('דנה')).toBe('\u2068דנה\u2069');
  });

  it('cannot turn the words around it', () => {
    expect(plainName('\u202eoiraM\u2069\u2067 (support)')).toBe('oiraM (support)');
  });
});
