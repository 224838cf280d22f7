import { expect, test } from '@playwright/test';
import { Random } from './random.js';
import { type Fault, scheduleOf, thingOf } from './schedule.js';

const TARGETS = { replicas: ['one', 'two', 'three'], readers: ['reader'], brokerHasControl: true };
const TEN_MINUTES = 600_000;

test('a seed gives the same faults again, and another seed others', () => {
  const faults = (seed: number): Fault[] => scheduleOf(new Random(seed), TEN_MINUTES, TARGETS);
  expect(faults(7)).toEqual(faults(7));
  expect(faults(7)).not.toEqual(faults(8));
});

test('all kinds of faults come, each within the run, and never two of one thing at once', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const faults = scheduleOf(new Random(seed), TEN_MINUTES, TARGETS);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(20);
    const busyUntil = new Map<string, number>();
    for (const { kind, target, atMs, forMs } of faults) {
      expect(atMs + forMs).toBeLessThanOrEqual(TEN_MINUTES);
      const thing = thingOf(kind, target);
      expect(atMs).toBeGreaterThanOrEqual(busyUntil.get(thing) ?? 0);
      busyUntil.set(thing, atMs + forMs);
    }
  }
});

test('a disk is full only where the broker can be told so', () => {
  const faults = scheduleOf(new Random(1), TEN_MINUTES, { ...TARGETS, brokerHasControl: false });
  expect(faults.filter(({ kind }) => kind === 'broker with a full disk')).toEqual([]);
});
