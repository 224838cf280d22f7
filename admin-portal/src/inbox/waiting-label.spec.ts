import { describe, expect, it } from 'vitest';
import { waitingLabel } from './waiting-label.js';

describe('how long a client has been waiting', () => {
  it.each([
    [-4_000, '0s'],
    [12_900, '12s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_000, '59m'],
    [3_600_000, '1h'],
    [3_900_000, '1h 5m'],
    [172_800_000, '2d'],
  ])('%i ms is %s', (ms, label) => {
    expect(waitingLabel(ms, 'en')).toBe(label);
  });

  it('is said in full for those who listen, in their language', () => {
    expect(waitingLabel(180_000, 'en', 'long')).toBe('3 minutes');
    expect(waitingLabel(180_000, 'ro', 'long')).toBe('3 minute');
  });
});
