import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { DEMO_PASSWORD } from '../database/embedded/demo-data.js';
import { type IdentityFixture, openIdentity } from '../testing/identity-fixture.js';
import { LATE_SECONDS, newSessionId } from './sessions.port.js';
import type { SignedIn } from './sign-in.js';

let identity: IdentityFixture;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

const over = { kind: 'unauthenticated', reason: 'SESSION_ENDED' };

function signIn(login = 'client1'): Promise<SignedIn> {
  return identity.signIn.run({
    login,
    password: DEMO_PASSWORD,
    audience: login.startsWith('admin') ? 'admin' : 'client',
    userAgent: '',
  });
}

function refresh(token: string | undefined, portal?: 'client' | 'admin'): Promise<SignedIn> {
  return identity.refresh.run(token, portal);
}

async function onPlatform(sql: string): Promise<void> {
  const source = await new DataSource({ type: 'better-sqlite3', database: identity.platformFile }).initialize();
  await source.query(sql);
  await source.destroy();
}

describe('Refresh', () => {
  it('gives the next token and an access token of the next generation', async () => {
    const { refreshToken, access } = await signIn();
    const refreshed = await refresh(refreshToken);
    expect(refreshed.refreshToken).not.toBe(refreshToken);
    const [before, after] = [
      await identity.accessTokens.verify(access.token),
      await identity.accessTokens.verify(refreshed.access.token),
    ];
    expect(after).toMatchObject({ sessionId: before.sessionId, generation: 1, audience: 'client', id: '4' });
  });

  it('gives every try with one token the same successor, also at once', async () => {
    const { refreshToken } = await signIn();
    const tries = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    const later = await refresh(refreshToken);
    expect(new Set([...tries, later].map((signedIn) => signedIn.refreshToken)).size).toBe(1);
  });

  it('ends the session when a token is used after its successor was', async () => {
    const { refreshToken } = await signIn();
    const second = await refresh(refreshToken);
    const third = await refresh(second.refreshToken);
    await expect(refresh(refreshToken)).rejects.toMatchObject(over);
    await expect(refresh(third.refreshToken)).rejects.toMatchObject(over);
    const caller = await identity.accessTokens.verify(third.access.token);
    expect(identity.ended.has(caller.sessionId)).toBe(true);
  });

  it("ends the session when a token is used after its successor's access token was, on any replica", async () => {
    const { refreshToken } = await signIn();
    const second = await refresh(refreshToken);
    await identity.verifyAccess().run(second.access.token);
    identity.clock.advance(LATE_SECONDS * 1_000);
    await expect(refresh(refreshToken)).rejects.toMatchObject(over);
    await expect(refresh(second.refreshToken)).rejects.toMatchObject(over);
  });

  it('refuses a copy of an answered request that comes late, and the session goes on', async () => {
    const { refreshToken } = await signIn();
    const second = await refresh(refreshToken);
    await identity.verifyAccess().run(second.access.token);
    await expect(refresh(refreshToken)).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' });
    await expect(refresh(second.refreshToken)).resolves.toMatchObject({ person: { id: '4' } });
  });

  it("goes on with a lost answer's token while only the older access token is in use", async () => {
    const { refreshToken, access } = await signIn();
    await refresh(refreshToken);
    await identity.verifyAccess().run(access.token);
    await expect(refresh(refreshToken)).resolves.toMatchObject({ person: { id: '4' } });
  });

  it('says what is missing or not ours', async () => {
    await expect(refresh(undefined)).rejects.toMatchObject({ reason: 'TOKEN_MISSING' });
    await expect(refresh('a.b.c')).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
  });

  it('says try again, and ends nothing, while the database does not show a session that was just begun', async () => {
    const lagging = identity.refreshTokens.first(newSessionId());
    await expect(refresh(lagging)).rejects.toMatchObject({ kind: 'unavailable', reason: 'DATABASE_UNAVAILABLE' });
    const { sessionId = '' } = identity.refreshTokens.read(lagging) ?? {};
    expect(identity.ended.has(sessionId)).toBe(false);
    const lostInARestore = identity.refreshTokens.first(newSessionId(Date.now() - 5 * 60_000));
    await expect(refresh(lostInARestore)).rejects.toMatchObject(over);
  });

  it("refuses the other portal's session and leaves it alone", async () => {
    const { refreshToken } = await signIn('admin1');
    await expect(refresh(refreshToken, 'client')).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
    await expect(refresh(refreshToken, 'admin')).resolves.toMatchObject({ audience: 'admin' });
  });

  it.each([
    ['was removed', "DELETE FROM user WHERE username = 'admin2'", 'admin2'],
    ['has a role without a meaning now', "UPDATE user SET role = 9 WHERE username = 'client6'", 'client6'],
    ['belongs at the other portal now', "UPDATE user SET role = 1 WHERE username = 'client7'", 'client7'],
  ])('ends the session of a person who %s', async (_what, change, login) => {
    const { refreshToken, access } = await signIn(login);
    await onPlatform(change);
    await expect(refresh(refreshToken)).rejects.toMatchObject(over);
    const { sessionId } = await identity.accessTokens.verify(access.token);
    expect(await identity.sessions.find(sessionId)).toBe('ended');
  });

  it('reads the person again', async () => {
    const { refreshToken } = await signIn('client8');
    await onPlatform("UPDATE user SET username = 'client8.new' WHERE username = 'client8'");
    expect((await refresh(refreshToken)).person).toMatchObject({ login: 'client8.new', displayName: 'client8.new' });
  });

  it('ends for a session that was signed out', async () => {
    const { refreshToken, access } = await signIn();
    const caller = await identity.accessTokens.verify(access.token);
    await identity.signOut.run(caller);
    expect(identity.ended.has(caller.sessionId)).toBe(true);
    await expect(refresh(refreshToken)).rejects.toMatchObject(over);
  });
});
