import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InProcessRefreshLock } from './refresh-lock.js';
import { Session, type SessionState } from './session.js';
import { MemoryService, refusal } from './testing/memory-service.js';
import { signedIn } from './testing/signed-in.js';
import { pass, settle, useFakeTime } from './testing/time.js';
import { MemoryTokenStore } from './token-store.js';

const away = new ConnectError('away', Code.Unavailable);
const LIFE = 480_000;

describe('Session', () => {
  let service: MemoryService;

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
  });
  afterEach(() => void vi.useRealTimers());

  it('signs in and knows who', async () => {
    const { session } = await signedIn(service);
    expect(session.me?.login).toBe('ana');
    expect((await session.grant()).token).toBe('0.1');
  });

  it('stays signed out and says why when the password is wrong', async () => {
    const session = new Session(service.transport());
    await expect(session.signIn('ana', 'wrong', Audience.CLIENT)).rejects.toMatchObject({
      reason: 'WRONG_CREDENTIALS',
    });
    expect(session.state).toEqual({ kind: 'signed-out', reason: 'NEVER_SIGNED_IN' });
  });

  it('tells how long to wait when sign-ins are throttled', async () => {
    service.fail('SignIn', refusal(Code.ResourceExhausted, 'THROTTLED', { retryMs: 2_000 }));
    const session = new Session(service.transport());
    await expect(session.signIn('ana', 'right', Audience.CLIENT)).rejects.toMatchObject({ retryAfterMs: 2_000 });
  });

  it.each([
    [0, 0.7],
    [1, 0.8],
  ])('refreshes ahead at 70 to 80 %% of the life (random %d)', async (random, part) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const { session } = await signedIn(service);
    await pass(LIFE * part - 100);
    expect(service.callsOf('Refresh')).toHaveLength(0);
    await pass(200);
    expect((await session.grant()).token).toBe('0.2');
  });

  it('never calls with a token beyond its life, counted from before the request', async () => {
    const { session } = await signedIn(service);
    service.fail('Refresh', away, 1_000);
    await pass(LIFE + 100);
    const grant = session.grant();
    let granted = false;
    void grant.then(() => (granted = true));
    await pass(1_000);
    expect(granted).toBe(false);
    session.close();
  });

  it('runs one refresh for all who need one', async () => {
    const { session } = await signedIn(service);
    const grant = await session.grant();
    const release = service.hold('Refresh');
    const renewals = Promise.all([session.renew(grant), session.renew(grant), session.renew(grant)]);
    await settle();
    release();
    await renewals;
    expect(service.callsOf('Refresh')).toHaveLength(1);
  });

  it('does not refresh again for a call that used the token before', async () => {
    const { session } = await signedIn(service);
    const old = await session.grant();
    await session.renew(old);
    await session.renew(old);
    expect(service.callsOf('Refresh')).toHaveLength(1);
  });

  it('tries a refresh whose answer was lost again with the same token, and goes on', async () => {
    const store = new MemoryTokenStore();
    const { session } = await signedIn(service, 'ana', { session: { refreshToken: store } });
    service.fail('Refresh', away, 3, 'after');
    const renewed = session.renew(await session.grant());
    await pass(5_000);
    await renewed;
    expect(service.callsOf('Refresh')).toHaveLength(4);
    expect(session.me?.login).toBe('ana');
    expect(await store.load()).toBe('0.2');
    await session.renew(await session.grant());
    expect(await store.load()).toBe('0.3');
  });

  it('saves the next refresh token before it uses the access token that came with it', async () => {
    const store = new MemoryTokenStore();
    const { session } = await signedIn(service, 'ana', { session: { refreshToken: store } });
    let saved: () => void = () => undefined;
    vi.spyOn(store, 'save').mockReturnValueOnce(new Promise((resolve) => (saved = resolve)));
    const renewed = session.renew(await session.grant());
    await settle();
    expect((await session.grant()).token).toBe('0.1');
    saved();
    await renewed;
    expect((await session.grant()).token).toBe('0.2');
  });

  it('refreshes with the same token again when the next one could not be saved', async () => {
    const store = new MemoryTokenStore();
    const { session } = await signedIn(service, 'ana', { session: { refreshToken: store } });
    vi.spyOn(store, 'save').mockRejectedValueOnce(new Error('disk full'));
    const renewed = session.renew(await session.grant());
    await pass(500);
    await renewed;
    expect(await store.load()).toBe('0.2');
    expect(session.me?.login).toBe('ana');
  });

  it('is over when the service refuses the refresh, and says why', async () => {
    const { session } = await signedIn(service);
    const states: SessionState[] = [];
    session.listen({ stateChanged: (state) => states.push(state) });
    service.sessions.forEach((each) => (each.ended = true));
    await session.renew(await session.grant());
    expect(states).toEqual([{ kind: 'signed-out', reason: 'SESSION_ENDED' }]);
    await expect(session.grant()).rejects.toMatchObject({ code: Code.Unauthenticated, reason: 'SESSION_ENDED' });
    await pass(LIFE);
    expect(service.callsOf('Refresh')).toHaveLength(1);
  });

  it('is not over when something else than the service refuses the refresh', async () => {
    const { session } = await signedIn(service);
    service.fail('Refresh', new ConnectError('HTTP 403', Code.PermissionDenied), 2);
    const renewed = session.renew(await session.grant());
    await pass(2_000);
    await renewed;
    expect(session.me?.login).toBe('ana');
  });

  it('resumes from its store after a restart', async () => {
    const store = new MemoryTokenStore();
    await signedIn(service, 'ana', { session: { refreshToken: store } });
    const session = new Session(service.transport(), { refreshToken: store });
    expect(await session.resume()).toBe(true);
    expect(session.me?.login).toBe('ana');
  });

  it('asks nobody when its store is empty', async () => {
    const session = new Session(service.transport());
    expect(await session.resume()).toBe(false);
    expect(service.calls).toHaveLength(0);
  });

  it('resumes from the cookie, which it never sees', async () => {
    service.cookie = '';
    await signedIn(service, 'ana', { session: { refreshToken: 'cookie' } });
    expect(service.cookie).toBe('0.1');
    const session = new Session(service.transport(), { refreshToken: 'cookie' });
    expect(await session.resume()).toBe(true);
    expect(service.cookie).toBe('0.2');
  });

  it('is not signed in when the cookie is gone', async () => {
    service.cookie = '';
    const session = new Session(service.transport(), { refreshToken: 'cookie' });
    expect(await session.resume()).toBe(false);
    expect(session.state).toEqual({ kind: 'signed-out', reason: 'REFRESH_TOKEN_INVALID' });
  });

  it('refreshes one after the other with those who share its lock and its store', async () => {
    const shared = { refreshToken: new MemoryTokenStore(), lock: new InProcessRefreshLock() };
    const { session: first } = await signedIn(service, 'ana', { session: shared });
    const second = new Session(service.transport(), shared);
    await second.resume();
    await Promise.all([first.renew(await first.grant()), second.renew(await second.grant())]);
    expect([first.me?.login, second.me?.login]).toEqual(['ana', 'ana']);
    expect(await shared.refreshToken.load()).toBe('0.4');
  });

  it('tells of a fresh token and of a changed person', async () => {
    const { session } = await signedIn(service);
    const heard: string[] = [];
    session.listen({ stateChanged: () => heard.push('state'), refreshed: () => heard.push('refreshed') });
    await session.renew(await session.grant());
    service.client.displayName = 'Ana Popescu';
    await session.renew(await session.grant());
    expect(heard).toEqual(['refreshed', 'state', 'refreshed']);
    expect(session.me?.displayName).toBe('Ana Popescu');
  });

  it('signs out on the service first', async () => {
    const { session } = await signedIn(service);
    await session.signOut();
    expect(service.sessions[0]?.ended).toBe(true);
    expect(session.state).toEqual({ kind: 'signed-out', reason: 'SIGNED_OUT' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stays signed in when the service cannot be told', async () => {
    const { session } = await signedIn(service);
    service.fail('SignOut', away, 1_000);
    const outcome = expect(session.signOut()).rejects.toMatchObject({ transient: true });
    await pass(10_000);
    await outcome;
    expect(session.me?.login).toBe('ana');
  });

  it('signs out with a token that has just ended', async () => {
    const { session } = await signedIn(service);
    const [record] = service.sessions;
    if (record !== undefined) record.expired = 1;
    await session.signOut();
    expect(record?.ended).toBe(true);
    expect(session.me).toBeUndefined();
  });

  it('is signed out when the session was over already', async () => {
    const { session } = await signedIn(service);
    service.sessions.forEach((each) => (each.ended = true));
    await session.signOut();
    expect(session.me).toBeUndefined();
  });

  it('drops the answer of a refresh that arrives after the session has ended', async () => {
    const store = new MemoryTokenStore();
    const { session } = await signedIn(service, 'ana', { session: { refreshToken: store } });
    const release = service.hold('Refresh');
    const renewed = session.renew(await session.grant());
    await settle();
    session.endedByService(await session.grant(), 'SESSION_ENDED');
    release();
    await renewed;
    await settle();
    expect(await store.load()).toBe('0.1');
    expect(session.state).toEqual({ kind: 'signed-out', reason: 'SESSION_ENDED' });
  });

  it.each(['cookie', 'store'])(
    'ends when somebody else has signed in with the same %s, and takes them up when asked',
    async (kind) => {
      if (kind === 'cookie') service.cookie = '';
      const refreshToken = kind === 'cookie' ? 'cookie' : new MemoryTokenStore();
      const { session } = await signedIn(service, 'ana', { session: { refreshToken } });
      await signedIn(service, 'maria', { session: { refreshToken } });
      await session.renew(await session.grant());
      expect(session.state).toEqual({ kind: 'signed-out', reason: 'OTHER_PERSON' });
      expect(await session.resume()).toBe(true);
      expect(session.me?.login).toBe('maria');
    },
  );

  it('ends for one person before another signs in here', async () => {
    const { session } = await signedIn(service);
    const states: string[] = [];
    session.listen({
      stateChanged: (state) => states.push(state.kind === 'signed-in' ? state.me.login : state.reason),
    });
    await session.signIn('maria', 'right', Audience.ADMIN);
    expect(states).toEqual(['OTHER_PERSON', 'maria']);
  });

  it('tries a waiting refresh at once when it is woken', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const { session } = await signedIn(service);
    service.fail('Refresh', away, 6);
    const renewed = session.renew(await session.grant());
    await pass(200 + 400 + 800 + 1_600 + 3_200 + 100);
    expect(service.callsOf('Refresh')).toHaveLength(6);
    session.wake();
    await renewed;
    expect((await session.grant()).token).toBe('0.2');
  });
});
