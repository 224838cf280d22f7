import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { userAgentOf } from './user-agent.js';

function headers(...values: string[]) {
  return { get: (name: string) => (name === 'user-agent' ? values : []) };
}

describe('what a program calls itself', () => {
  it('is as it says', () => {
    const metadata = new Metadata();
    metadata.set('user-agent', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0');
    expect(userAgentOf(metadata)).toBe('Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0');
  });

  it('is empty when it says nothing', () => {
    expect(userAgentOf(headers())).toBe('');
  });

  it('has no control characters', () => {
    expect(userAgentOf(headers('a\u0000b\u001bc\u0085d\ne'))).toBe('abcde');
  });

  it('has 255 characters at most, none of them half', () => {
    expect(userAgentOf(headers('x'.repeat(300)))).toBe('x'.repeat(255));
    expect(userAgentOf(headers(`${'x'.repeat(254)}😀`)).isWellFormed()).toBe(true);
  });
});
