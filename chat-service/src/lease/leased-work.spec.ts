import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { memoryLog } from '../testing/memory-log.js';
import { LeasedWork, WORK_TIMES, type Work, type WorkTimes } from './leased-work.js';

/** One lease, as the database keeps it. */
class OneLease {
  holder: string | undefined;

  lease(replica: string): Promise<boolean> {
    this.holder ??= replica;
    return Promise.resolve(this.holder === replica);
  }

  release(replica: string): Promise<void> {
    if (this.holder === replica) this.holder = undefined;
    return Promise.resolve();
  }
}

const HOUR = 3_600_000;

describe('LeasedWork', () => {
  const { log, lines } = memoryLog();
  const leased = (lease: OneLease, replica: string, work: Partial<Work>, times: Partial<WorkTimes> = {}) =>
    new LeasedWork(lease, replica, { round: () => Promise.resolve(false), trouble: 'it waits', ...work }, log, {
      ...WORK_TIMES,
      renewMs: 5,
      ...times,
    });

  it('goes round on one replica only, and on the next once that has stopped', async () => {
    const lease = new OneLease();
    const rounds = { one: 0, two: 0 };
    const counted = (replica: 'one' | 'two') => {
      const round = () => Promise.resolve((rounds[replica] += 1) < 0);
      return leased(lease, replica, { round }, { pollMs: 2 });
    };
    const [one, two] = [counted('one'), counted('two')];
    one.start();
    await eventually('the first goes round', () => rounds.one > 3);
    two.start();
    await eventually('it goes on', () => rounds.one > 10);
    expect([one.held, two.held, rounds.two]).toEqual([true, false, 0]);
    await one.stop();
    const last = rounds.one;
    await eventually('the second goes round', () => rounds.two > 3);
    expect(rounds.one).toBe(last);
    await two.stop();
    expect(lease.holder).toBeUndefined();
  });

  it('pauses when nothing is left, and is woken, also by what comes during a round', async () => {
    let rounds = 0;
    let takes = 0;
    const work: LeasedWork = leased(
      new OneLease(),
      'one',
      {
        round: () => {
          rounds += 1;
          if (rounds === 1) work.wake();
          return Promise.resolve(false);
        },
        taken: () => (takes += 1),
      },
      { pollMs: HOUR },
    );
    work.start();
    await eventually('what came during the first round has its own', () => rounds === 2);
    work.wake();
    await eventually('it is woken', () => rounds === 3);
    expect(takes).toBe(1);
    await work.stop();
  });

  it('goes on at once while there is more', async () => {
    let rounds = 0;
    const work = leased(new OneLease(), 'one', { round: () => Promise.resolve((rounds += 1) < 5) }, { pollMs: HOUR });
    work.start();
    await eventually('all rounds are done', () => rounds === 5);
    await work.stop();
  });

  it('pauses after a failure whoever wakes it, tells of it once, and goes on', async () => {
    lines.length = 0;
    let rounds = 0;
    const round = () => {
      rounds += 1;
      return rounds > 3 ? Promise.resolve(false) : Promise.reject(new Error('the database is away'));
    };
    const patient = leased(new OneLease(), 'one', { round }, { firstPauseMs: HOUR, longestPauseMs: HOUR });
    patient.start();
    await eventually('the first failed', () => patient.failures === 1);
    patient.wake();
    // Whatever a wake begins has begun by then.
    await turn();
    await patient.stop();
    expect(rounds).toBe(1);

    const quick = leased(new OneLease(), 'one', { round }, { firstPauseMs: 1, pollMs: HOUR });
    quick.start();
    await eventually('it goes on', () => rounds === 4);
    await quick.stop();
    expect(quick.failures).toBe(2);
    expect(lines.filter((line) => line.includes('it waits'))).toHaveLength(2);
  });

  it('lets the piece in hand end, and says to it that it is the last', async () => {
    const ending = Promise.withResolvers<boolean>();
    let hasBegun = false;
    const work: LeasedWork = leased(new OneLease(), 'one', {
      round: () => {
        hasBegun = true;
        return ending.promise;
      },
    });
    work.start();
    await eventually('it has begun', () => hasBegun);
    expect(work.mayGoOn).toBe(true);
    const stopped = work.stop();
    expect(work.mayGoOn).toBe(false);
    ending.resolve(true);
    await stopped;
  });
});
