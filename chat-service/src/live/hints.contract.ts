import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import type { Hint, Hints } from './hints.port.js';

export interface HintsUnderTest {
  /** Replicas that share one bus and can reach it. */
  readonly replicas: readonly [Hints, Hints, Hints];
  close(): Promise<void>;
}

const changed = (seq: number): Hint => ({ kind: 'changed', conversationId: 'conversation-1', version: seq + 7, seq });
const typing: Hint = {
  kind: 'typing',
  conversationId: 'conversation-1',
  side: 'client',
  personId: 'person-1',
  displayName: 'Zoë Ünal',
  forMs: 6_000,
};

/** What every adapter of `Hints` promises. `open` makes three replicas whose bus is reached once they `listen`. */
export function hintsContract(open: () => Promise<HintsUnderTest>): void {
  describe('hints between replicas', () => {
    let test: HintsUnderTest;
    let heard: [Hint[], Hint[], Hint[]];
    let defects: number;

    /** Every replica hears every other: without this, the first hints of a test may come before a queue is bound. */
    const joined = async (): Promise<void> => {
      const { replicas } = test;
      const probes = replicas.map((_, index): Hint => ({ kind: 'presence', personId: `probe-${index}` }));
      await eventually('every replica hears every other', () => {
        replicas.forEach((replica, index) => probes[index] && replica.publish(probes[index]));
        return heard.every((hints, listener) =>
          probes.every((probe, speaker) => speaker === listener || hints.some((hint) => same(hint, probe))),
        );
      });
      // What the replicas said meanwhile arrives before this, in order.
      replicas.forEach((replica) => replica.publish({ kind: 'presence', personId: 'last-probe' }));
      await eventually('the last probes have come', () =>
        heard.every(
          (hints) => hints.filter((hint) => same(hint, { kind: 'presence', personId: 'last-probe' })).length === 2,
        ),
      );
      heard.forEach((hints) => hints.splice(0));
    };

    beforeEach(async () => {
      test = await open();
      heard = [[], [], []];
      defects = 0;
      test.replicas.forEach((replica, index) =>
        replica.listen((hint) => {
          heard[index]?.push(hint);
          if (defects-- > 0) throw new Error('a defect of the receiver');
        }),
      );
      await joined();
    });

    afterEach(() => test.close());

    it('carries every kind of hint, unchanged, to every other replica', async () => {
      const hints: Hint[] = [changed(1), typing, { kind: 'presence', personId: 'person-2' }];
      hints.forEach((hint) => test.replicas[0].publish(hint));
      await eventually('both others have heard', () => heard[1].length === 3 && heard[2].length === 3);
      expect(heard[1]).toEqual(hints);
      expect(heard[2]).toEqual(hints);
    });

    it('does not tell a publisher its own hints', async () => {
      test.replicas[0].publish(changed(1));
      test.replicas[1].publish(changed(2));
      await eventually('the third has heard both', () => heard[2].length === 2);
      await eventually('the first has heard the second', () => heard[0].length > 0);
      expect(heard[0]).toEqual([changed(2)]);
      expect(heard[1]).toEqual([changed(1)]);
    });

    it('keeps the order of one publisher', async () => {
      const hints = Array.from({ length: 1_000 }, (_, index) => changed(index + 1));
      hints.forEach((hint) => test.replicas[0].publish(hint));
      await eventually('all have come', () => heard[1].length === hints.length);
      expect(heard[1]).toEqual(hints);
    });

    it('never runs the receivers within publish', async () => {
      test.replicas[0].publish(changed(1));
      expect(heard[1]).toEqual([]);
      await eventually('it comes later', () => heard[1].length === 1);
    });

    it('goes on after a receiver has failed', async () => {
      defects = 2;
      test.replicas[0].publish(changed(1));
      test.replicas[0].publish(changed(2));
      await eventually('the second has come', () => heard[1].length === 2);
    });

    it('is silent once closed, and publishing then is harmless', async () => {
      await test.replicas[1].close();
      test.replicas[0].publish(changed(1));
      test.replicas[1].publish(changed(2));
      test.replicas[0].publish(changed(3));
      await eventually('the third has heard the first', () => heard[2].length === 2);
      expect(heard[1]).toEqual([]);
      expect(heard[2]).toEqual([changed(1), changed(3)]);
    });
  });
}

function same(one: Hint, other: Hint): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
