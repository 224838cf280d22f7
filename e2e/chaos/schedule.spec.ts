import { expect, test } from '@playwright/test';
import { Random } from './random.js';
import { type Fault, isOfOwnNode, scheduleOf, type Targets, thingOf } from './schedule.js';

const TARGETS: Targets = {
  replicas: ['one', 'two', 'three'],
  readers: ['reader'],
  databases: ['database'],
  brokers: ['broker'],
  brokerHasControl: true,
  packetsCanBeLost: true,
};
const NODES = ['one', 'two', 'three'];
const ON_CLUSTERS: Targets = {
  ...TARGETS,
  databases: NODES.map((name) => `database ${name}`),
  brokers: NODES.map((name) => `broker ${name}`),
};
const TEN_MINUTES = 600_000;

test('a seed gives the same faults again, and another seed others', () => {
  const faults = (seed: number): Fault[] => scheduleOf(new Random(seed), TEN_MINUTES, TARGETS);
  expect(faults(7)).toEqual(faults(7));
  expect(faults(7)).not.toEqual(faults(8));
});

test('all kinds of faults come, each within the run, and never two of one thing at once', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const faults = scheduleOf(new Random(seed), TEN_MINUTES, seed % 2 === 0 ? TARGETS : ON_CLUSTERS);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(23);
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

test('lines fall silent where packets cannot be lost', () => {
  const faults = scheduleOf(new Random(1), TEN_MINUTES, { ...TARGETS, packetsCanBeLost: false });
  expect(faults.filter(({ kind }) => kind.endsWith('losing packets'))).toEqual([]);
  expect(faults.filter(({ kind }) => kind.endsWith('silent'))).not.toEqual([]);
});

test('on clusters every node is struck, one of a kind at a time, and lines to all nodes and to the own one', () => {
  const faults = scheduleOf(new Random(1), 3 * TEN_MINUTES, ON_CLUSTERS);
  const struck = (kind: string): Set<string> =>
    new Set(faults.filter((fault) => fault.kind === kind).map(({ target }) => target));
  expect(struck('database killed')).toEqual(new Set(ON_CLUSTERS.databases));
  expect(struck('broker killed')).toEqual(new Set(ON_CLUSTERS.brokers));
  expect(thingOf('database killed', 'database one')).toBe(thingOf('database killed', 'database two'));
  const lines = faults.filter(({ kind }) => kind.startsWith('database line'));
  expect(new Set(lines.map(({ target }) => isOfOwnNode(target)))).toEqual(new Set([true, false]));
});
