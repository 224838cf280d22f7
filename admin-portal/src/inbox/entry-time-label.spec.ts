import { describe, expect, it } from 'vitest';
import { entryTimeLabel } from './entry-time-label.js';

const now = new Date(2026, 2, 12, 14, 30).getTime();
const label = (...at: readonly [number, number, number, number, number]): string =>
  entryTimeLabel(new Date(...at).getTime(), now, 'en-GB');

describe('when something was written', () => {
  it('is the time today', () => {
    expect(label(2026, 2, 12, 0, 5)).toBe('00:05');
  });

  it('is the weekday within six days', () => {
    expect(label(2026, 2, 11, 23, 59)).toBe('Wed');
    expect(label(2026, 2, 6, 0, 0)).toBe('Fri');
  });

  it('is the date before, with the year when it is another', () => {
    expect(label(2026, 2, 5, 23, 59)).toBe('5 Mar');
    expect(label(2025, 11, 31, 12, 0)).toBe('31 Dec 2025');
  });
});
