import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PresenceStore, PresentPerson } from './presence.port.js';

export interface PresenceUnderTest {
  /** Two replicas on one database; rows stay fresh for 50 s. */
  readonly replicas: readonly [PresenceStore, PresenceStore];
  /** Moves database time on. */
  advance(seconds: number): void;
  /** All rows that are stored, fresh or faded. */
  storedRows(): Promise<number>;
  /** Runs `work` and answers how many statements the database was given, without BEGIN and COMMIT. */
  statementsDuring(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

const client = (id: string): PresentPerson => ({ personId: id, role: 'client' });
const admin: PresentPerson = { personId: 'admin-1', role: 'admin' };

/** What every adapter of `PresenceStore` promises. */
export function presenceContract(open: () => Promise<PresenceUnderTest>): void {
  describe('presence over all replicas', () => {
    let test: PresenceUnderTest;
    let here: PresenceStore;
    let there: PresenceStore;

    beforeEach(async () => {
      test = await open();
      [here, there] = test.replicas;
    });

    afterEach(() => test.close());

    it('shows who has arrived, on any replica', async () => {
      await here.arrive([client('a'), client('b')]);
      await there.arrive([client('c')]);
      expect(await there.online(['a', 'b', 'c', 'nobody'])).toEqual(new Set(['a', 'b', 'c']));
      expect(await here.online(['b'])).toEqual(new Set(['b']));
      expect(await here.online([])).toEqual(new Set());
    });

    it('keeps a person there while one replica of several still has them', async () => {
      await here.arrive([client('a')]);
      await there.arrive([client('a')]);
      await here.leave(['a', 'nobody']);
      expect(await here.online(['a'])).toEqual(new Set(['a']));
      await there.leave(['a']);
      expect(await here.online(['a'])).toEqual(new Set());
    });

    it('may be told everything twice', async () => {
      await here.arrive([client('a')]);
      await here.arrive([client('a')]);
      await here.leave(['a']);
      await here.leave(['a']);
      await here.forgetReplica();
      await here.forgetReplica();
      expect(await test.storedRows()).toBe(0);
    });

    it.each(['admin', 'supervisor'] as const)('knows whether any %s is there and available', async (role) => {
      await here.arrive([client('a')]);
      expect(await there.anyAvailable()).toBe(false);
      await here.arrive([{ personId: 'admin-1', role }]);
      expect(await there.anyAvailable()).toBe(false);
      await there.declare('admin-1', 'available');
      expect(await there.anyAvailable()).toBe(true);
      await here.declare('admin-1', 'away');
      expect(await there.anyAvailable()).toBe(false);
      await here.declare('admin-1', 'available');
      await here.leave(['admin-1']);
      expect(await there.anyAvailable()).toBe(false);
    });

    it('takes the role of the last arrival', async () => {
      await here.arrive([client('a')]);
      await here.arrive([{ personId: 'a', role: 'admin' }]);
      await here.declare('a', null);
      expect(await there.anyAvailable()).toBe(true);
    });

    it('keeps what an administrator said last, and says what is news', async () => {
      expect(await here.declare('admin-1', null)).toEqual({ availability: 'available', isNews: true });
      expect(await there.declare('admin-1', null)).toEqual({ availability: 'available', isNews: false });
      expect(await here.declare('admin-1', 'away')).toEqual({ availability: 'away', isNews: true });
      expect(await there.declare('admin-1', null)).toEqual({ availability: 'away', isNews: false });
      test.advance(51);
      expect(await there.declare('admin-1', null)).toEqual({ availability: 'away', isNews: true });
    });

    it('no longer counts an administrator who says nothing more, though their stream goes on', async () => {
      await here.arrive([admin]);
      await here.declare(admin.personId, 'available');
      test.advance(40);
      await here.renew([admin]);
      expect(await there.anyAvailable()).toBe(true);
      test.advance(11);
      expect(await there.anyAvailable()).toBe(false);
      await here.declare(admin.personId, null);
      expect(await there.anyAvailable()).toBe(true);
    });

    it('lets the rows of a replica that died fade, by database time', async () => {
      await here.arrive([client('a'), admin]);
      test.advance(49);
      await there.declare(admin.personId, 'available');
      expect(await there.online(['a'])).toEqual(new Set(['a']));
      expect(await there.anyAvailable()).toBe(true);
      test.advance(2);
      expect(await there.online(['a'])).toEqual(new Set());
      expect(await there.anyAvailable()).toBe(false);
    });

    it('keeps what is renewed, and writes again what was lost', async () => {
      await here.arrive([client('a')]);
      test.advance(40);
      await here.renew([client('a'), client('lost')]);
      test.advance(40);
      expect(await there.online(['a', 'lost'])).toEqual(new Set(['a', 'lost']));
    });

    it('forgets rows that faded long ago, whosever they are', async () => {
      await there.arrive([client('a'), admin]);
      test.advance(60);
      await here.renew([]);
      expect(await test.storedRows()).toBe(2);
      test.advance(600);
      await here.renew([]);
      expect(await test.storedRows()).toBe(0);
    });

    it('forgets a replica and nothing of another', async () => {
      await here.arrive([client('a'), client('b')]);
      await there.arrive([client('b')]);
      await here.forgetReplica();
      expect(await here.online(['a', 'b'])).toEqual(new Set(['b']));
    });

    it('takes one statement however many persons there are', async () => {
      const many = Array.from({ length: 500 }, (_, index) => client(`client-${index}`));
      const ids = many.map(({ personId }) => personId);
      expect(await test.statementsDuring(() => here.arrive(many))).toBe(1);
      expect(await test.statementsDuring(() => here.online(ids))).toBe(1);
      expect(await test.statementsDuring(() => here.renew(many))).toBe(2);
      expect(await test.statementsDuring(() => here.leave(ids))).toBe(1);
      expect(await test.statementsDuring(() => here.anyAvailable())).toBe(1);
      expect(await test.statementsDuring(() => here.declare('admin-1', null))).toBe(2);
      expect(await test.storedRows()).toBe(0);
    });
  });
}
