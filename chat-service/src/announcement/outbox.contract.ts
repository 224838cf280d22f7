import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { announcementOf } from './announcement-bus.contract.js';
import type { AnnouncementType } from './announcement.js';
import type { Outbox, OutboxRow } from './outbox.port.js';

export interface OutboxUnderTest {
  /** Two replicas' views of the same rows. */
  readonly replicas: readonly [Outbox, Outbox];
  /** Commits rows as the log does. */
  write(rows: readonly OutboxRow[]): Promise<void>;
  /** Database time now, in microseconds since 1970 UTC. */
  now(): Promise<number>;
  /** Moves database time on. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}

const ASSIGNED: AnnouncementType = 'energy.chat.case.assigned.v1';
const OPENED: AnnouncementType = 'energy.chat.case.opened.v1';
const DAY = 86_400_000;

export function outboxRowOf(
  conversationId: string,
  seq: number,
  type: AnnouncementType = OPENED,
  createdAt = 1_795_000_000_123_456,
): OutboxRow {
  const kind = type.replace(/^energy\.chat\.case\.(.*)\.v1$/, 'case_$1');
  const announcement = {
    ...announcementOf(seq, type),
    id: `${conversationId}/${seq}/${kind}`,
    subject: conversationId,
  };
  return { conversationId, seq, kind, createdAt, announcement };
}

/** What every adapter of `Outbox` promises. */
export function outboxContract(open: () => Promise<OutboxUnderTest>): void {
  let test: OutboxUnderTest;
  let outbox: Outbox;
  let other: Outbox;

  beforeEach(async () => {
    test = await open();
    [outbox, other] = test.replicas;
  });

  afterEach(() => test.close());

  describe('rows of the outbox', () => {
    it('come in key order whatever the order of their commits, with everything that was written', async () => {
      const rows = [outboxRowOf('a', 9), outboxRowOf('a', 10, ASSIGNED), outboxRowOf('b', 1), outboxRowOf('b', 2)];
      await test.write([rows[3], rows[1]].flatMap((row) => row ?? []));
      await test.write([rows[2], rows[0]].flatMap((row) => row ?? []));
      expect(await outbox.next(10, [])).toEqual(rows);
      expect(await outbox.size()).toBe(4);
    });

    it('come at most as many as asked for', async () => {
      await test.write([outboxRowOf('a', 1), outboxRowOf('a', 2, ASSIGNED), outboxRowOf('b', 1)]);
      expect(await outbox.next(2, [])).toEqual([outboxRowOf('a', 1), outboxRowOf('a', 2, ASSIGNED)]);
    });

    it('of parked types are left out, and the first of them can be asked for', async () => {
      await test.write([outboxRowOf('a', 2, ASSIGNED), outboxRowOf('b', 1), outboxRowOf('b', 2, ASSIGNED)]);
      expect(await outbox.next(10, [ASSIGNED])).toEqual([outboxRowOf('b', 1)]);
      expect(await outbox.firstOf(ASSIGNED)).toEqual(outboxRowOf('a', 2, ASSIGNED));
      expect(await outbox.firstOf('energy.chat.case.closed.v1')).toBeUndefined();
    });

    it('are gone once removed, and removing them twice is no error', async () => {
      const rows = Array.from({ length: 500 }, (_, index) => outboxRowOf('a', index + 1));
      await test.write([...rows, outboxRowOf('b', 1)]);
      await outbox.remove(rows);
      await other.remove(rows);
      expect(await other.next(1_000, [])).toEqual([outboxRowOf('b', 1)]);
      await outbox.remove([]);
      expect(await outbox.size()).toBe(1);
    });

    it('of a type are dropped when they are older than asked, by database time, and counted', async () => {
      const now = await test.now();
      const rows = Array.from({ length: 600 }, (_, index) => outboxRowOf('a', index + 1, ASSIGNED, now));
      await test.write([...rows, outboxRowOf('b', 1, OPENED, now)]);
      test.advance(6 * DAY);
      expect(await outbox.dropOlder([ASSIGNED], 7)).toBe(0);
      await test.write([outboxRowOf('c', 1, ASSIGNED, await test.now())]);
      test.advance(1.5 * DAY);
      expect(await outbox.dropOlder([], 7)).toBe(0);
      expect(await outbox.dropOlder([ASSIGNED], 7)).toBe(600);
      expect(await outbox.size()).toBe(2);
    });
  });

  it('tells how long the oldest row has waited, of whatever type, by database time', async () => {
    expect(await outbox.oldestSeconds()).toBe(0);
    await test.write([outboxRowOf('b', 1, OPENED, await test.now())]);
    test.advance(60_000);
    await test.write([outboxRowOf('a', 1, ASSIGNED, await test.now())]);
    const age = await outbox.oldestSeconds();
    expect(age).toBeGreaterThanOrEqual(60);
    expect(age).toBeLessThan(60 + 30);
    await outbox.remove([outboxRowOf('b', 1)]);
    expect(await outbox.oldestSeconds()).toBeLessThan(30);
  });

  describe('the lease of the relay', () => {
    it('is held by one replica, which may renew it', async () => {
      expect(await outbox.lease('one', 10)).toBe(true);
      expect(await other.lease('two', 10)).toBe(false);
      test.advance(9_000);
      expect(await outbox.lease('one', 10)).toBe(true);
      test.advance(9_000);
      expect(await other.lease('two', 10)).toBe(false);
    });

    it('goes to another when it was not renewed in time, and the first learns of it', async () => {
      expect(await outbox.lease('one', 10)).toBe(true);
      test.advance(10_001);
      expect(await other.lease('two', 10)).toBe(true);
      expect(await outbox.lease('one', 10)).toBe(false);
    });

    it('goes to another at once when it is released, by its holder only', async () => {
      expect(await outbox.lease('one', 10)).toBe(true);
      await other.release('two');
      expect(await other.lease('two', 10)).toBe(false);
      await outbox.release('one');
      expect(await other.lease('two', 10)).toBe(true);
    });

    it('is taken by exactly one of many at once: the first ever, and when it has expired', async () => {
      for (const round of [1, 2, 3]) {
        const holders = Array.from({ length: 10 }, (_, index) => `replica-${round}-${index}`);
        const held = await Promise.all(
          holders.map((holder, index) => test.replicas[index % 2 === 0 ? 0 : 1].lease(holder, 10)),
        );
        expect(held.filter((mine) => mine)).toHaveLength(1);
        test.advance(11_000);
      }
    });
  });
}
