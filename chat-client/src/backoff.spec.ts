import { describe, expect, it, vi } from 'vitest';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles its limit up to the longest and starts small again after a reset', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const backoff = new Backoff(200, 1_000);
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([200, 400, 800, 1_000]);
    backoff.reset();
    expect(backoff.next()).toBe(200);
  });

  it('draws between nothing and the limit, after what the service asked for', () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(0.25);
    const backoff = new Backoff(200, 1_000);
    expect([backoff.next(), backoff.next(), backoff.next(3_000)]).toEqual([0, 200, 3_200]);
  });
});
