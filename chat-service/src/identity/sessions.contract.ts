import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../database/clock.js';
import { LATE_SECONDS, MOST_LISTED, SESSION_IDLE_DAYS, SESSION_LONGEST_DAYS, type Sessions } from './sessions.port.js';
import type { Audience, Person } from './caller.js';

const DAY = 24 * 3_600_000;
/** After it a token that was outworn can be no copy that comes late. */
const LATE = LATE_SECONDS * 1_000;
const person: Person = { id: '4', login: 'client1', displayName: 'client1', role: 'client' };

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

let people = 0;

function somebody(): Person {
  people += 1;
  return { ...person, id: `owner-${people}` };
}

export interface SessionsUnderTest {
  /** Two replicas on one database. */
  readonly replicas: readonly [Sessions, Sessions];
  /** Of both. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/** What every adapter of Sessions keeps. */
export function sessionsContract(open: () => Promise<SessionsUnderTest>): void {
  describe('sessions', () => {
    let test: SessionsUnderTest;
    let here: Sessions;
    let there: Sessions;
    beforeAll(async () => {
      test = await open();
      [here, there] = test.replicas;
    });
    afterAll(() => test.close());

    async function begun(
      owner: Person = person,
      { audience = 'client', userAgent = '' }: { audience?: Audience; userAgent?: string } = {},
    ): Promise<{ id: string; token: (generation: number) => string }> {
      const id = randomUUID();
      const token = (generation: number): string => hashOf(`${id} ${generation}`);
      await here.begin({ id, person: owner, audience, refreshHash: token(0), userAgent });
      return { id, token };
    }

    function rotate(sessions: Sessions, session: Awaited<ReturnType<typeof begun>>, from: number) {
      return sessions.rotate({
        sessionId: session.id,
        person,
        presentedHash: session.token(from),
        successorHash: session.token(from + 1),
      });
    }

    it('finds a session on the other replica, and none that was never begun', async () => {
      const { id } = await begun();
      expect(await there.find(id)).toEqual({ personId: '4', audience: 'client' });
      expect(await there.find(randomUUID())).toBeUndefined();
    });

    it('moves on by one generation with each token', async () => {
      const session = await begun();
      expect(await rotate(here, session, 0)).toBe(1);
      expect(await rotate(there, session, 1)).toBe(2);
      expect(await rotate(here, session, 2)).toBe(3);
    });

    it('moves once for many tries with one token at once on two replicas', async () => {
      const session = await begun();
      const tries = Array.from({ length: 20 }, (_, index) => rotate(index % 2 === 0 ? here : there, session, 0));
      expect(new Set(await Promise.all(tries))).toEqual(new Set([1]));
      expect(await rotate(there, session, 1)).toBe(2);
    });

    it('answers a lost answer again, until the successor is used', async () => {
      const session = await begun();
      await rotate(here, session, 0);
      expect(await rotate(there, session, 0)).toBe(1);
      expect(await rotate(here, session, 1)).toBe(2);
      expect(await rotate(there, session, 0)).toBeUndefined();
      expect(await here.find(session.id)).toBe('ended');
      expect(await rotate(here, session, 2)).toBeUndefined();
    });

    it("closes the predecessor when its successor's access token is seen, on any replica", async () => {
      const session = await begun();
      await rotate(here, session, 0);
      expect(await there.accessSeen(session.id, 1)).toBe('live');
      test.clock.advance(LATE);
      expect(await rotate(here, session, 0)).toBeUndefined();
      expect(await there.accessSeen(session.id, 1)).toBe('ended');
    });

    it('refuses a copy of an answered request that comes late, and leaves the session alone', async () => {
      const session = await begun();
      await rotate(here, session, 0);
      await there.accessSeen(session.id, 1);
      test.clock.advance(LATE - 1_000);
      expect(await rotate(here, session, 0)).toBe('late');
      expect(await there.accessSeen(session.id, 1)).toBe('live');
      expect(await rotate(there, session, 1)).toBe(2);
    });

    it('leaves the predecessor open when an older access token is seen', async () => {
      const session = await begun();
      await rotate(here, session, 0);
      expect(await there.accessSeen(session.id, 0)).toBe('live');
      expect(await rotate(here, session, 0)).toBe(1);
    });

    it('ends the session for a token that was outworn long ago', async () => {
      const session = await begun();
      for (const generation of [0, 1, 2, 3]) await rotate(here, session, generation);
      expect(await rotate(there, session, 1)).toBeUndefined();
      expect(await there.find(session.id)).toBe('ended');
    });

    it('tells what the database does not show yet from what has ended', async () => {
      const session = await begun();
      expect(await there.accessSeen(session.id, 1)).toBe('behind');
      expect(await there.accessSeen(randomUUID(), 0)).toBe('behind');
      await here.end(session.id, 'signed-out');
      expect(await there.accessSeen(session.id, 0)).toBe('ended');
    });

    it('lists what ended lately, for as long as was asked', async () => {
      const [first, second, running] = [await begun(), await begun(), await begun()];
      await here.end(first.id, 'signed-out');
      test.clock.advance(60_000);
      await rotate(here, second, 0);
      await here.accessSeen(second.id, 1);
      test.clock.advance(LATE);
      await rotate(here, second, 0);
      const minute = await there.endedWithin(59);
      expect(minute).toContain(second.id);
      expect(minute).not.toContain(first.id);
      const longer = await there.endedWithin(90 + LATE_SECONDS);
      expect(longer).toEqual(expect.arrayContaining([first.id, second.id]));
      expect(longer).not.toContain(running.id);
    });

    it('ends a session once: a second end does not make it recent again', async () => {
      const session = await begun();
      await here.end(session.id, 'signed-out');
      test.clock.advance(60_000);
      await there.end(session.id, 'not-admitted');
      expect(await there.endedWithin(59)).not.toContain(session.id);
    });

    it("lists a person's sessions of one portal, the one used last first", async () => {
      const [me, other] = [somebody(), somebody()];
      const first = await begun(me, { userAgent: 'Mozilla/5.0 (a phone)' });
      test.clock.advance(60_000);
      const second = await begun(me);
      test.clock.advance(60_000);
      await begun(me, { audience: 'admin' });
      await begun(other);
      const ended = await begun(me);
      await there.end(ended.id, 'signed-out');
      const listed = await there.listOwn({ personId: me.id, audience: 'client' });
      expect(listed).toMatchObject([
        { id: second.id, userAgent: '' },
        { id: first.id, userAgent: 'Mozilla/5.0 (a phone)' },
      ]);
      const [, before] = listed;
      expect(before?.usedAt).toBe(before?.createdAt);
      await rotate(here, first, 0);
      const [refreshed] = await there.listOwn({ personId: me.id, audience: 'client' });
      expect(refreshed).toMatchObject({ id: first.id, createdAt: before?.createdAt });
      expect(Number(refreshed?.usedAt) - Number(refreshed?.createdAt)).toBeGreaterThanOrEqual(120_000_000);
    });

    it('lists no session that has run out', async () => {
      const me = somebody();
      await begun(me);
      test.clock.advance(SESSION_IDLE_DAYS * DAY + 1_000);
      expect(await here.listOwn({ personId: me.id, audience: 'client' })).toEqual([]);
    });

    it(`lists ${MOST_LISTED} at most`, async () => {
      const me = somebody();
      await Promise.all(Array.from({ length: MOST_LISTED + 1 }, () => begun(me)));
      expect(await here.listOwn({ personId: me.id, audience: 'client' })).toHaveLength(MOST_LISTED);
    });

    it('ends a session for its owner alone, and says again that it was theirs', async () => {
      const [me, other] = [somebody(), somebody()];
      const session = await begun(me);
      expect(await here.endOwn({ personId: other.id, audience: 'client' }, session.id)).toBe(false);
      expect(await here.endOwn({ personId: me.id, audience: 'admin' }, session.id)).toBe(false);
      expect(await here.endOwn({ personId: me.id, audience: 'client' }, 'no-such-session')).toBe(false);
      expect(await there.find(session.id)).toMatchObject({ personId: me.id });
      expect(await here.endOwn({ personId: me.id, audience: 'client' }, session.id)).toBe(true);
      expect(await there.find(session.id)).toBe('ended');
      expect(await there.endedWithin(60)).toContain(session.id);
      expect(await there.endOwn({ personId: me.id, audience: 'client' }, session.id)).toBe(true);
    });

    it('ends all others of a person and portal, and nobody else’s', async () => {
      const [me, other] = [somebody(), somebody()];
      const asking = await begun(me);
      const mine = [await begun(me), await begun(me)];
      const kept = [asking, await begun(me, { audience: 'admin' }), await begun(other)];
      const owner = { personId: me.id, audience: 'client' } as const;
      const ids = mine.map(({ id }) => id).sort();
      expect((await here.endOthers(owner, asking.id)).sort()).toEqual(ids);
      for (const id of ids) expect(await there.find(id)).toBe('ended');
      for (const { id } of kept) expect(await there.find(id)).toMatchObject({ personId: expect.any(String) });
      expect(await there.endOthers(owner, asking.id)).toEqual([]);
    });

    it('lasts while it is refreshed, and not longer than it may idle', async () => {
      const session = await begun();
      test.clock.advance((SESSION_IDLE_DAYS - 1) * DAY);
      expect(await rotate(here, session, 0)).toBe(1);
      test.clock.advance((SESSION_IDLE_DAYS - 1) * DAY);
      expect(await there.find(session.id)).toMatchObject({ personId: '4' });
      test.clock.advance(2 * DAY);
      expect(await there.find(session.id)).toBe('ended');
      expect(await rotate(here, session, 1)).toBeUndefined();
    });

    it('ends after its longest life however busy it is', async () => {
      const session = await begun();
      const step = SESSION_IDLE_DAYS - 5;
      let days = 0;
      for (let generation = 0; days + step < SESSION_LONGEST_DAYS; generation += 1) {
        test.clock.advance(step * DAY);
        days += step;
        expect(await rotate(here, session, generation)).toBe(generation + 1);
      }
      test.clock.advance((SESSION_LONGEST_DAYS - days) * DAY);
      expect(await there.find(session.id)).toBe('ended');
    });
  });
}
