import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExpectedRows } from './expected-rows.js';

describe('ExpectedRows', () => {
  let stored: Map<string, number>;
  let reads: string[][];
  let troubles: unknown[];
  let failing: Error | undefined;
  let rows: ExpectedRows;

  beforeEach(() => {
    jest.useFakeTimers();
    stored = new Map();
    reads = [];
    troubles = [];
    failing = undefined;
    rows = new ExpectedRows(
      (ids) => {
        reads.push([...ids]);
        return failing === undefined ? Promise.resolve(new Map(stored)) : Promise.reject(failing);
      },
      (error) => troubles.push(error),
    );
  });

  afterEach(() => {
    rows.clear();
    jest.useRealTimers();
  });

  it('reads together what is hinted within 5 ms', async () => {
    stored.set('a', 2).set('b', 3).set('c', 1);
    rows.expect('a', 2);
    rows.expect('b', 3);
    await jest.advanceTimersByTimeAsync(4);
    rows.expect('a', 1);
    await jest.advanceTimersByTimeAsync(2);
    expect(reads).toEqual([['a', 'b']]);
    rows.expect('c', 1);
    await jest.advanceTimersByTimeAsync(10);
    expect(reads).toEqual([['a', 'b'], ['c']]);
    expect(rows.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('looks again, ever less often, while the database does not show the version', async () => {
    rows.expect('a', 5);
    stored.set('a', 4);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(reads.length).toBeGreaterThan(4);
    expect(reads.length).toBeLessThan(8);
    stored.set('a', 5);
    await jest.advanceTimersByTimeAsync(2_000);
    const looks = reads.length;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(reads.length).toBe(looks);
    expect(rows.size).toBe(0);
  });

  it('keeps one look per conversation, however many hints come meanwhile', async () => {
    for (let version = 1; version <= 100; version += 1) {
      rows.expect('a', version);
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(jest.getTimerCount()).toBe(1);
    const looks = reads.length;
    expect(looks).toBeLessThanOrEqual(21);
    await jest.advanceTimersByTimeAsync(1_300);
    expect(reads.length - looks).toBeLessThan(9);
  });

  it('looks at once for a newer hint, even when it waits longer for an older', async () => {
    rows.expect('a', 5);
    await jest.advanceTimersByTimeAsync(3_000);
    const looks = reads.length;
    rows.expect('a', 6);
    await jest.advanceTimersByTimeAsync(6);
    expect(reads.length).toBe(looks + 1);
  });

  it('leaves it to the heartbeat in the end', async () => {
    rows.expect('a', 5);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(reads).toHaveLength(12);
    expect([rows.size, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('looks again after a read that failed', async () => {
    failing = new Error('away');
    rows.expect('a', 5);
    await jest.advanceTimersByTimeAsync(6);
    expect(troubles).toEqual([failing]);
    failing = undefined;
    stored.set('a', 5);
    await jest.advanceTimersByTimeAsync(50);
    expect(rows.size).toBe(0);
  });
});
