import { describe, expect, it } from 'vitest';
import { greetingKey } from './greeting-key.js';

describe('the greeting', () => {
  it.each([
    [0, 'evening'],
    [4, 'morning'],
    [11, 'morning'],
    [12, 'afternoon'],
    [17, 'afternoon'],
    [18, 'evening'],
    [23, 'evening'],
  ])('at %i o’clock is that of the %s', (hour, greeting) => {
    expect(greetingKey(new Date(2026, 2, 12, hour))).toBe(greeting);
  });
});
