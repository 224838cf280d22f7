import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pass } from 'node:timers/promises';
import { Lane, laneLimits, type Ended, type LaneLimits } from './lane.js';

/** A request of `group`; 'refused' and 'poison' in its name tell what becomes of it. */
interface Wish {
  readonly name: string;
  readonly group: string;
  readonly bytes: number;
}

const wish = (name: string, group = name.charAt(0), bytes = 1): Wish => ({ name, group, bytes });
const wishes = (count: number, group = 'a'): Wish[] =>
  Array.from({ length: count }, (_, index) => wish(`${group}${index}`, group));

class Lost extends Error {}
class Refused extends Error {}

/** A database that takes what it is given, unless `before` lets it wait or fail. */
class FakeWork {
  readonly batches: string[][] = [];
  committed: string[] = [];
  before: (batch: readonly Wish[], attempt: number) => void | Promise<void> = () => undefined;

  async run(batch: readonly Wish[]): Promise<Ended<string>[]> {
    this.batches.push(batch.map(({ name }) => name));
    await this.before(batch, this.batches.length);
    const poison = batch.find(({ name }) => name.includes('poison'));
    if (poison !== undefined) throw new Error(`bad ${poison.name}`);
    this.committed.push(...batch.map(({ name }) => name));
    return batch.map(({ name }) => (name.includes('refused') ? { refusal: new Refused(name) } : { result: name }));
  }

  groupOf(request: Wish): string {
    return request.group;
  }

  bytesOf(request: Wish): number {
    return request.bytes;
  }

  isBackground(request: Wish): boolean {
    return request.group.startsWith('notice');
  }

  isTransient(error: unknown): boolean {
    return error instanceof Lost;
  }
}

const notInTime = { kind: 'unavailable', reason: 'NOT_COMMITTED_IN_TIME', retryAfterMs: 1_000 };

describe('Lane', () => {
  let lane: Lane<Wish, string>;
  let work: FakeWork;
  const open = (limits: Partial<LaneLimits> = {}): void => {
    work = new FakeWork();
    lane = new Lane<Wish, string>(work, { ...laneLimits, ...limits });
  };
  const runAll = (all: readonly Wish[]) => Promise.allSettled(all.map((one) => lane.run(one)));
  /** Lets nothing end until it is opened. */
  const gate = () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    return { opened: promise, open: () => resolve(undefined) };
  };

  afterEach(() => lane.close());

  describe('gathering', () => {
    it('starts a request alone at once, waiting for nobody', async () => {
      open();
      const answer = lane.run(wish('a1'));
      expect(work.batches).toEqual([['a1']]);
      expect(await answer).toBe('a1');
    });

    it('runs all that came meanwhile together, one transaction at a time, in order', async () => {
      open();
      const first = gate();
      work.before = (_, attempt) => (attempt === 1 ? first.opened : undefined);
      const answers = runAll([wish('a1'), wish('b1'), wish('a2'), wish('c1')]);
      await pass(0);
      expect(work.batches).toEqual([['a1']]);
      first.open();
      expect(await answers).toEqual(['a1', 'b1', 'a2', 'c1'].map((value) => ({ status: 'fulfilled', value })));
      expect(work.batches).toEqual([['a1'], ['b1', 'a2', 'c1']]);
    });

    it('lets groups take turns, in order within each, so that one that floods it holds up itself', async () => {
      open({ mostRequests: 4 });
      const first = gate();
      work.before = (_, attempt) => (attempt === 1 ? first.opened : undefined);
      const answers = runAll([...wishes(8, 'f'), wish('a1'), wish('a2'), wish('b1')]);
      first.open();
      await answers;
      expect(work.batches).toEqual([['f0'], ['f1', 'a1', 'b1', 'f2'], ['a2', 'f3', 'f4', 'f5'], ['f6', 'f7']]);
    });

    it('gives background the last places of a batch, few but never none', async () => {
      open({ mostRequests: 4, mostBackground: 1 });
      const first = gate();
      work.before = (_, attempt) => (attempt === 1 ? first.opened : undefined);
      const notices = ['notice1', 'notice2', 'notice3'].map((group) => wish(group, group));
      const answers = runAll([wish('a0'), ...notices, ...wishes(5, 'b')]);
      first.open();
      await answers;
      expect(work.batches).toEqual([['a0'], ['b0', 'b1', 'b2', 'notice1'], ['b3', 'b4', 'notice2'], ['notice3']]);
    });

    it('takes no more at once than the limit', async () => {
      open({ mostRequests: 3 });
      await runAll(wishes(8));
      expect(work.batches.map(({ length }) => length)).toEqual([1, 3, 3, 1]);
    });

    it('takes no more bytes at once than the limit, but what is larger alone', async () => {
      open({ mostBytes: 10 });
      const sizes = [1, 5, 5, 1, 20, 9];
      await runAll(sizes.map((bytes, index) => wish(`a${index}`, 'a', bytes)));
      expect(work.batches).toEqual([['a0'], ['a1', 'a2'], ['a3'], ['a4'], ['a5']]);
    });

    it.each(Array.from({ length: 12 }, (_, depth) => depth))(
      'starts a request that comes %i promises after the last answer',
      async (depth) => {
        open({ patience: 500 });
        const through = async (calls: number): Promise<string> =>
          calls === 0 ? lane.run(wish('a1')) : await through(calls - 1);
        await through(depth);
        expect(await lane.run(wish('a2'))).toBe('a2');
      },
    );
  });

  describe('failing', () => {
    it('refuses one request alone', async () => {
      open();
      const [, ...answers] = await runAll([wish('a0'), wish('a1'), wish('a-refused'), wish('b1')]);
      expect(answers).toMatchObject([{ value: 'a1' }, { reason: new Refused('a-refused') }, { value: 'b1' }]);
      expect(work.batches).toHaveLength(2);
    });

    it('fails a request alone that no transaction can take, with its own error', async () => {
      open();
      const [, ...answers] = await runAll([wish('a0'), ...wishes(3), wish('a-poison'), wish('b1'), wish('c-poison')]);
      expect(answers).toMatchObject([
        { value: 'a0' },
        { value: 'a1' },
        { value: 'a2' },
        { reason: new Error('bad a-poison') },
        { value: 'b1' },
        { reason: new Error('bad c-poison') },
      ]);
      expect(work.committed.toSorted()).toEqual(['a0', 'a0', 'a1', 'a2', 'b1']);
    });

    it('runs a lost transaction again, all of it, then in smaller parts', async () => {
      open();
      work.before = (batch) => {
        if (batch.length > 2) throw new Lost();
      };
      await runAll([wish('a0'), wish('a1'), wish('b1'), wish('a2')]);
      expect(work.batches).toEqual([['a0'], ['a1', 'b1', 'a2'], ['a1', 'b1', 'a2'], ['a1', 'a2'], ['b1']]);
    });

    it('finds the one group that is lost by halves, and commits the others together', async () => {
      open();
      let losses = 3;
      work.before = (batch) => {
        if (batch.length > 1 && batch.some(({ group }) => group === 'f')) throw new Lost();
        if (batch.some(({ group }) => group === 'f') && (losses -= 1) > 0) throw new Lost();
      };
      const others = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((group) => wish(`${group}1`));
      await runAll([wish('x0'), ...others]);
      const groups = work.batches.slice(1).map((batch) => batch.map((name) => name.charAt(0)).join(''));
      expect(groups.slice(0, 8)).toEqual(['abcdefgh', 'abcdefgh', 'abcd', 'efgh', 'ef', 'gh', 'e', 'f']);
      expect(new Set(groups.slice(8))).toEqual(new Set(['f']));
      expect(work.committed.toSorted()).toEqual(['x0', ...others.map(({ name }) => name)].toSorted());
    });

    it('never splits a group that is only lost', async () => {
      open();
      work.before = (batch, attempt) => {
        if (batch.length === 3 && attempt < 6) throw new Lost();
      };
      await runAll([wish('a0'), ...wishes(3)]);
      expect(work.batches.slice(1).map(({ length }) => length)).toEqual([3, 3, 3, 3, 3]);
    });

    it('lets a group that is held up use only its own patience', async () => {
      open({ patience: 400, heldUp: 20 });
      work.before = async (batch) => {
        if (!batch.some(({ group }) => group === 'held')) return;
        await pass(100);
        throw new Lost();
      };
      const start = performance.now();
      const [, held, ...others] = await runAll([wish('a0'), wish('held', 'held'), ...wishes(20), wish('b1')]);
      expect(held).toMatchObject({ status: 'rejected', reason: notInTime });
      expect(others.map(({ status }) => status)).toEqual(Array(21).fill('fulfilled'));
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    it('tells a defect of the work from an answer', async () => {
      open();
      work.run = () => Promise.resolve([]);
      await expect(lane.run(wish('a1'))).rejects.toThrow('answered fewer requests');
    });
  });

  describe('ending in time', () => {
    it('ends what runs, what is tried again and what waits, when the database hangs', async () => {
      open({ patience: 100 });
      const hanging = gate();
      work.before = () => hanging.opened;
      const answers = await runAll(wishes(5));
      for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: notInTime });
      hanging.open();
      expect(await lane.run(wish('later'))).toBe('later');
      expect(work.committed).toEqual(['a0', 'later']);
    });

    it('ends what is lost again and again', async () => {
      open({ patience: 100 });
      work.before = () => {
        throw new Lost();
      };
      for (const answer of await runAll([...wishes(5), wish('b1')])) {
        expect(answer).toMatchObject({ status: 'rejected', reason: notInTime });
      }
    });

    it('ends what is overdue when its transaction is lost, without a further look at the clock', async () => {
      // The lane looks every 100 ms: at 400 this request is not overdue yet, and before 500 its transaction is lost.
      open({ patience: 400 });
      await pass(50);
      work.before = async () => {
        await pass(405);
        throw new Lost();
      };
      await expect(lane.run(wish('a1'))).rejects.toMatchObject(notInTime);
    });

    it('tells more than may wait to come back, at once', async () => {
      open({ longestQueue: 2 });
      const first = gate();
      work.before = () => first.opened;
      const answers = runAll(wishes(5));
      await expect(lane.run(wish('late'))).rejects.toMatchObject({
        kind: 'unavailable',
        reason: 'OVERLOADED',
        retryAfterMs: 1_000,
      });
      first.open();
      expect((await answers).map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ]);
    });

    it('tells a group that floods it to come back, and takes what others bring', async () => {
      open({ longestOfGroup: 3 });
      const first = gate();
      work.before = (_, attempt) => (attempt === 1 ? first.opened : undefined);
      const flood = runAll(wishes(10, 'f'));
      const others = runAll([wish('a1'), wish('b1')]);
      first.open();
      const refused = (await flood).filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(6);
      expect(refused).toMatchObject(Array(6).fill({ reason: { reason: 'OVERLOADED', retryAfterMs: 1_000 } }));
      expect((await others).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    });

    it('has room again once what waited too long was told so', async () => {
      open({ longestOfGroup: 2, patience: 100 });
      const stuck = gate();
      work.before = () => stuck.opened;
      expect((await runAll(wishes(3))).every(({ status }) => status === 'rejected')).toBe(true);
      const late = lane.run(wish('a9'));
      stuck.open();
      expect(await late).toBe('a9');
    });

    it('closes when all that it was given has ended', async () => {
      open();
      const first = gate();
      work.before = () => first.opened;
      const answers = runAll(wishes(3));
      let closed = false;
      const closing = lane.close().then(() => (closed = true));
      await pass(0);
      expect(closed).toBe(false);
      first.open();
      await closing;
      expect(work.committed).toHaveLength(3);
      await answers;
    });
  });
});
