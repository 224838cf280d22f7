import { describe, expect, it } from 'vitest';
import { textParts } from './text-parts.js';

const hrefs = (text: string): readonly string[] => textParts(text).flatMap(({ href }) => href ?? []);

describe('the parts of a text', () => {
  it('are the text, whatever it holds', () => {
    const text = '  <b>5 < 6 & 7</b>\n\n\tsee www.example.com,\u202e ok?\r\n👍🏽 ';
    expect(
      textParts(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it('link what begins with http or https, and take bare domains for https', () => {
    expect(hrefs('http://a.example/x?y=1 and https://b.example and www.example.com.')).toEqual([
      'http://a.example/x?y=1',
      'https://b.example/',
      'https://www.example.com/',
    ]);
  });

  it('link mail addresses', () => {
    expect(hrefs('write to ana@example.com')).toEqual(['mailto:ana@example.com']);
  });

  it.each([
    'javascript:alert(1)',
    'JavaScript://example.com/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://example.com/x',
  ])('leave %s without a link of that kind', (text) => {
    expect(hrefs(text).filter((href) => !/^(https?|mailto):/.test(href))).toEqual([]);
  });

  it('do not link an address that pretends to be another by a name before the @', () => {
    expect(hrefs('https://bank.example@evil.example/x')).not.toContain('https://bank.example@evil.example/x');
  });

  it.each([
    ['an override', 'https://evil.example/\u202emoc.knab//:sptth'],
    ['an isolate', 'https://evil.example/\u2067x'],
    ['what has no width', 'https://evil.example\u200b.bank.example'],
  ])('do not link an address that %s disguises', (_, text) => {
    expect(hrefs(text).filter((href) => /%E2%80|[\u200b-\u2069]/i.test(href))).toEqual([]);
    for (const part of textParts(text)) if (part.href !== undefined) expect(part.href).toBe(new URL(part.text).href);
  });

  it('leave a text without addresses in one piece', () => {
    expect(textParts('Bună ziua, 12.5 kWh la 14.30')).toEqual([
      { text: 'Bună ziua, 12.5 kWh la 14.30', href: undefined },
    ]);
  });
});
