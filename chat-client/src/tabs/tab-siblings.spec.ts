import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../session.js';
import { MemoryBrowser, scopeOf, type MemoryTab } from '../testing/memory-browser.js';
import { MemoryService } from '../testing/memory-service.js';
import { pass, settle, useFakeTime } from '../testing/time.js';
import { sessionAmongTabs } from './session-among-tabs.js';

const LIFE = 480_000;

describe('sessions of several tabs', () => {
  let service: MemoryService;
  let browser: MemoryBrowser;
  let all: { session: Session; tab: MemoryTab; told: string[] }[];

  /** The page of one more tab, before anybody has signed in there. */
  function open(options: { withLocks: boolean } = { withLocks: true }): (typeof all)[number] {
    const tab = browser.open();
    const amongTabs = sessionAmongTabs(scopeOf(tab, options), 'client');
    const session = new Session(service.transport(), { refreshToken: 'cookie', ...amongTabs });
    const told: string[] = [];
    session.listen({
      stateChanged: (state) => told.push(state.kind === 'signed-in' ? state.me.login : state.reason),
      signedInElsewhere: () => told.push('elsewhere'),
    });
    const page = { session, tab, told };
    all.push(page);
    return page;
  }

  async function signedInTabs(count: number): Promise<typeof all> {
    const first = open();
    await first.session.signIn('ana', 'right', Audience.CLIENT);
    for (let index = 1; index < count; index += 1) {
      const { session } = open();
      const resumed = session.resume();
      await pass(100);
      expect(await resumed).toBe(true);
    }
    return all;
  }

  const tokens = async (): Promise<Set<string>> =>
    new Set(await Promise.all(all.map(async ({ session }) => (await session.grant()).token)));

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
    service.cookie = '';
    browser = new MemoryBrowser();
    all = [];
  });
  afterEach(() => {
    for (const { session } of all) session.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('a new tab takes up the token of another without a refresh', async () => {
    await signedInTabs(8);
    expect(service.callsOf('Refresh')).toHaveLength(0);
    expect(await tokens()).toEqual(new Set(['0.1']));
  });

  it('one tab refreshes for all eight', async () => {
    await signedInTabs(8);
    await pass(LIFE);
    expect(service.callsOf('Refresh')).toHaveLength(1);
    expect(await tokens()).toEqual(new Set(['0.2']));
    await pass(LIFE);
    expect(service.callsOf('Refresh').length).toBeLessThanOrEqual(3);
  });

  it('eight tabs that need a token at the same moment refresh once', async () => {
    await signedInTabs(8);
    const grants = await Promise.all(all.map(({ session }) => session.grant()));
    const renewals = Promise.all(all.map(({ session }, index) => session.renew(grants[index] ?? grants[0] ?? fail())));
    await pass(1_000);
    await renewals;
    expect(service.callsOf('Refresh')).toHaveLength(1);
    expect(await tokens()).toEqual(new Set(['0.2']));
  });

  it('eight tabs that a browser restores at once refresh once', async () => {
    await signedInTabs(1);
    for (const { session, tab } of all.splice(0)) {
      session.close();
      tab.kill();
    }
    for (let index = 0; index < 8; index += 1) open();
    const resumed = Promise.all(all.map(({ session }) => session.resume()));
    await pass(1_000);
    expect(await resumed).toEqual(new Array<boolean>(8).fill(true));
    expect(service.callsOf('Refresh')).toHaveLength(1);
  });

  it('where the browser has no locks, tabs that need a token at the same moment ask each other, one after the other', async () => {
    await signedInTabs(1);
    for (const { session, tab } of all.splice(0)) {
      session.close();
      tab.kill();
    }
    let turn = 0;
    vi.spyOn(Math, 'random').mockImplementation(() => (turn = (turn + 0.21) % 1));
    for (let index = 0; index < 4; index += 1) open({ withLocks: false });
    const resumed = Promise.all(all.map(({ session }) => session.resume()));
    await pass(1_000);
    expect(await resumed).toEqual([true, true, true, true]);
    expect(service.callsOf('Refresh')).toHaveLength(1);
  });

  it('a tab that dies while it refreshes leaves that to the next', async () => {
    const [dying, next] = await signedInTabs(2);
    const release = service.hold('Refresh');
    for (const page of all) void page.session.grant().then((grant) => page.session.renew(grant));
    await pass(100);
    expect(service.callsOf('Refresh')).toHaveLength(1);
    expect(browser.holderOf('/refresh')).toBe(dying?.tab);
    dying?.tab.kill();
    dying?.session.close();
    release();
    // The dead tab's timers are still here in this process.
    await pass(21_000);
    expect((await next?.session.grant())?.token).not.toBe('0.1');
    expect(service.callsOf('Refresh')).toHaveLength(2);
  });

  it('a sign-out reaches all tabs at once', async () => {
    const [first] = await signedInTabs(3);
    await first?.session.signOut();
    await settle();
    for (const { session, told } of all) {
      expect(session.state).toEqual({ kind: 'signed-out', reason: 'SIGNED_OUT' });
      expect(told.at(-1)).toBe('SIGNED_OUT');
    }
    expect(service.callsOf('SignOut')).toHaveLength(1);
  });

  it('a sign-out is one also for the tab that hears of it by its stream first', async () => {
    const [first, second] = await signedInTabs(2);
    const release = service.hold('SignOut');
    const signedOut = first?.session.signOut();
    await settle();
    for (const { session } of all) session.endedByService(await session.grant(), 'SESSION_ENDED');
    expect(second?.session.state).toEqual({ kind: 'signed-out', reason: 'SIGNED_OUT' });
    expect(first?.session.state).toEqual({ kind: 'signed-out', reason: 'SIGNED_OUT' });
    release();
    await signedOut;
    expect(service.callsOf('Refresh')).toHaveLength(0);
  });

  it('a sign-out that did not reach the service is forgotten with the next token', async () => {
    const [first, second] = await signedInTabs(2);
    service.fail('SignOut', new ConnectError('away', Code.Unavailable), 1_000);
    const signedOut = expect(first?.session.signOut()).rejects.toMatchObject({ code: Code.Unavailable });
    await pass(11_000);
    await signedOut;
    expect(first?.session.me?.login).toBe('ana');
    await pass(LIFE);
    if (second !== undefined) second.session.endedByService(await second.session.grant(), 'SESSION_ENDED');
    expect(second?.session.state).toMatchObject({ reason: 'SESSION_ENDED' });
    // The other tab asks for itself.
    await pass(200);
  });

  it('tells all tabs that another person has signed in', async () => {
    const [first] = await signedInTabs(3);
    await first?.session.signIn('maria', 'right', Audience.CLIENT);
    await settle();
    expect(first?.session.me?.login).toBe('maria');
    for (const { session } of all.slice(1)) expect(session.state).toMatchObject({ reason: 'OTHER_PERSON' });
  });

  it('tells a signed-out tab that somebody has signed in elsewhere, and lets it take that up without a refresh', async () => {
    const [first, second] = [open(), open()];
    await first.session.signIn('ana', 'right', Audience.CLIENT);
    await settle();
    expect(second.told).toEqual(['elsewhere']);
    expect(second.session.me).toBeUndefined();
    const resumed = second.session.resume();
    await settle();
    expect(await resumed).toBe(true);
    expect(service.callsOf('Refresh')).toHaveLength(0);
  });

  it('a session that the service ended is over in all tabs, each by the service’s own word', async () => {
    const [first] = await signedInTabs(3);
    const [known] = service.sessions;
    if (known !== undefined) known.ended = true;
    const grant = await first?.session.grant();
    if (grant !== undefined) first?.session.endedByService(grant, 'SESSION_ENDED');
    await pass(1_000);
    for (const { session } of all) expect(session.state).toMatchObject({ kind: 'signed-out', reason: 'SESSION_ENDED' });
  });

  it('one tab’s wrong belief that the session is over does not sign out the others', async () => {
    const [first, second] = await signedInTabs(2);
    const grant = await first?.session.grant();
    if (grant !== undefined) first?.session.endedByService(grant, 'SESSION_ENDED');
    await pass(1_000);
    expect(second?.session.me?.login).toBe('ana');
    expect(second?.told).toEqual(['ana']);
  });

  it('a tab that stood still does not take an old token for a new one', async () => {
    const [first, second] = await signedInTabs(2);
    second?.tab.freeze();
    const grant = await first?.session.grant();
    if (grant !== undefined) void first?.session.renew(grant);
    await pass(100);
    vi.setSystemTime(Date.now() + LIFE - 10_000);
    second?.tab.thaw();
    await settle();
    // Ten seconds are left of the token by the wall clock: less than of the one that this tab has by its own.
    expect((await second?.session.grant())?.token).toBe('0.1');
  });

  it('goes on alone while the others do not answer', async () => {
    const [first, second] = await signedInTabs(2);
    second?.tab.freeze();
    service.fail('Refresh', new ConnectError('away', Code.Unavailable), 1);
    const grant = await first?.session.grant();
    const renewal = grant === undefined ? undefined : first?.session.renew(grant);
    await pass(1_000);
    await renewal;
    expect((await first?.session.grant())?.token).toBe('0.2');
  });
});

function fail(): never {
  throw new Error('There is no grant.');
}
