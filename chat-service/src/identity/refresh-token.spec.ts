import { describe, expect, it } from '@jest/globals';
import { RefreshTokens } from './refresh-token.js';

describe('RefreshTokens', () => {
  const tokens = new RefreshTokens(Buffer.alloc(32, 1));
  const others = new RefreshTokens(Buffer.alloc(32, 2));

  it('gives each token one successor, on every replica with the key', () => {
    const first = tokens.first('s1');
    const successor = tokens.successorOf(first);
    expect(successor).not.toBe(first);
    expect(new RefreshTokens(Buffer.alloc(32, 1)).successorOf(first)).toBe(successor);
    expect(tokens.successorOf(successor)).not.toBe(first);
    expect(others.successorOf(first)).not.toBe(successor);
  });

  it('reads its own tokens and their successors', () => {
    const first = tokens.first('s1');
    const successor = tokens.successorOf(first);
    expect(tokens.read(first)).toEqual({ sessionId: 's1', hash: tokens.hashOf(first) });
    expect(tokens.read(successor)).toEqual({ sessionId: 's1', hash: tokens.hashOf(successor) });
  });

  it('tells nothing of what it did not make, nor of a token put on another session', () => {
    const first = tokens.first('s1');
    expect(others.read(first)).toBeUndefined();
    expect(tokens.read(first.replace('.s1.', '.s2.'))).toBeUndefined();
    expect(tokens.read('')).toBeUndefined();
    expect(tokens.read(`${first}x`)).toBeUndefined();
  });

  it('never begins two sessions with the same token', () => {
    expect(tokens.first('s1')).not.toBe(tokens.first('s1'));
  });
});
