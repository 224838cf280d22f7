import { describe, expect, it } from 'vitest';
import { programNameOf } from './program-name.js';

describe('what a person calls a program', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0', { browser: 'Firefox', system: 'Linux' }],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      { browser: 'Safari', system: 'iOS' },
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0',
      { browser: 'Microsoft Edge', system: 'Windows' },
    ],
  ])('is found in %s', (userAgent, name) => {
    expect(programNameOf(userAgent)).toEqual(name);
  });

  it('is unknown when it says nothing', () => {
    expect(programNameOf('')).toBeUndefined();
  });
});
