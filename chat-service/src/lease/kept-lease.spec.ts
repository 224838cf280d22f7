import { describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { memoryLog } from '../testing/memory-log.js';
import { KeptLease } from './kept-lease.js';

describe('KeptLease', () => {
  it('stops counting on the lease before the database gives it to another, when it cannot be renewed', async () => {
    let now = 1_000;
    let asked = 0;
    const { log, lines } = memoryLog();
    const store = {
      take: () => (asked++ === 0 ? Promise.resolve(true) : Promise.reject(new Error('the database is away'))),
      release: () => Promise.resolve(),
    };
    let taken = 0;
    const lease = new KeptLease(store, () => taken++, log, { leaseSeconds: 10, renewMs: 5, now: () => now });
    expect(lease.held).toBe(false);
    lease.start();
    await eventually('it is taken, and renewals fail', () => asked > 3);
    now = 9_999;
    expect(lease.held).toBe(true);
    now = 10_001;
    expect(lease.held).toBe(false);
    expect(taken).toBe(1);
    expect(lines).toHaveLength(1);
    await lease.stop();
  });

  it('counts from before it asked: a slow answer shortens what is left', async () => {
    let now = 0;
    const store = {
      take: () => {
        now += 9_500;
        return Promise.resolve(true);
      },
      release: () => Promise.resolve(),
    };
    let taken = 0;
    const times = { leaseSeconds: 10, renewMs: 3_600_000, now: () => now };
    const lease = new KeptLease(store, () => taken++, memoryLog().log, times);
    lease.start();
    await lease.stop();
    expect(lease.held).toBe(false);
    expect(taken).toBe(0);
  });

  it('is released when it stops, and is not when another holds it', async () => {
    for (const mine of [true, false]) {
      let asked = 0;
      let released = 0;
      const store = {
        take: () => Promise.resolve(++asked > 0 && mine),
        release: () => {
          released++;
          return Promise.resolve();
        },
      };
      const times = { leaseSeconds: 10, renewMs: 1, now: () => performance.now() };
      const lease = new KeptLease(store, () => undefined, memoryLog().log, times);
      lease.start();
      await eventually('it was renewed', () => asked > 2);
      await lease.stop();
      expect(released).toBe(mine ? 1 : 0);
      expect(lease.held).toBe(false);
    }
  });
});
