import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { DEMO_PASSWORD } from '../database/embedded/demo-data.js';
import { type IdentityFixture, openIdentity } from '../testing/identity-fixture.js';
import type { Audience } from './caller.js';

let identity: IdentityFixture;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());
beforeEach(() => {
  identity.heldBack.length = 0;
  identity.warnings.length = 0;
  identity.seenPeople.length = 0;
});

function signIn(login: string, password = DEMO_PASSWORD, audience: Audience | undefined = 'client') {
  return identity.signIn.run({ login, password, audience, userAgent: '' });
}

/** Changes the platform as its own backend would. */
async function onPlatform(sql: string, parameters: unknown[] = []): Promise<void> {
  const source = await new DataSource({ type: 'better-sqlite3', database: identity.platformFile }).initialize();
  await source.query(sql, parameters);
  await source.destroy();
}

describe('SignIn', () => {
  it('gives a client a session at the client portal', async () => {
    const { person, access, refreshToken, audience } = await signIn('client1');
    expect(person).toEqual({ id: '4', login: 'client1', displayName: 'client1', role: 'client' });
    expect(audience).toBe('client');
    const caller = await identity.accessTokens.verify(access.token);
    expect(caller).toMatchObject({ id: '4', role: 'client', audience: 'client', generation: 0 });
    expect(identity.refreshTokens.read(refreshToken)?.sessionId).toBe(caller.sessionId);
    expect(identity.heldBack).toEqual([]);
  });

  it('takes the identity from the database, not from what was typed', async () => {
    const { person } = await signIn('CLIENT2');
    expect(person).toMatchObject({ id: '5', login: 'client2' });
    expect(identity.seenPeople).toEqual([person]);
  });

  it('raises the administrator whom SUPERVISORS names', async () => {
    expect((await signIn('admin1', DEMO_PASSWORD, 'admin')).person.role).toBe('admin');
    expect((await signIn('admin3', DEMO_PASSWORD, 'admin')).person.role).toBe('supervisor');
  });

  it.each([
    ['an unknown login', 'nobody', DEMO_PASSWORD],
    ['a wrong password', 'client1', 'wrong'],
    ['a wrong password at the wrong portal', 'admin1', 'wrong'],
    ['an unmapped role', 'manager', DEMO_PASSWORD],
    ['an encoding it does not check', 'legacy', 'plain'],
  ])('refuses %s with the same words, on the 500 ms step', async (_cause, login, password) => {
    await onPlatform(
      "INSERT OR IGNORE INTO user (username, password, role) SELECT 'manager', password, 7 FROM user WHERE user_id = 4",
    );
    await onPlatform("INSERT OR IGNORE INTO user (username, password, role) VALUES ('legacy', '{noop}plain', 0)");
    await expect(signIn(login, password)).rejects.toMatchObject({
      kind: 'unauthenticated',
      reason: 'INVALID_CREDENTIALS',
      message: 'The login or the password is not right.',
      facts: {},
    });
    expect(identity.heldBack).toHaveLength(1);
    expect(identity.seenPeople).toEqual([]);
  });

  it('tells the operator, not the person, of a role without a meaning', async () => {
    await expect(signIn('manager')).rejects.toMatchObject({ reason: 'INVALID_CREDENTIALS' });
    expect(identity.warnings).toEqual([
      expect.objectContaining({ text: expect.stringContaining('ROLE_MAP'), role: '7' }),
    ]);
  });

  it.each([
    ['admin1', 'client'],
    ['admin3', 'client'],
    ['client1', 'admin'],
  ] as const)('sends %s away from the %s portal, only after the right password', async (login, audience) => {
    await expect(signIn(login, DEMO_PASSWORD, audience)).rejects.toMatchObject({
      kind: 'permission-denied',
      reason: 'WRONG_PORTAL',
    });
    await expect(signIn(login, 'wrong', audience)).rejects.toMatchObject({ reason: 'INVALID_CREDENTIALS' });
    expect(identity.heldBack).toHaveLength(2);
  });

  it.each([
    ['login', '', 'x'],
    ['login', 'x'.repeat(256), 'x'],
    ['password', 'client1', ''],
    ['password', 'client1', 'ț'.repeat(513)],
  ])('refuses a %s out of bounds', async (field, login, password) => {
    await expect(signIn(login, password)).rejects.toMatchObject({
      kind: 'invalid-argument',
      facts: { field },
    });
  });

  it('counts a login in characters', async () => {
    await expect(signIn('😀'.repeat(255))).rejects.toMatchObject({ reason: 'INVALID_CREDENTIALS' });
  });

  it('asks a native client for its audience', async () => {
    await expect(
      identity.signIn.run({ login: 'client1', password: DEMO_PASSWORD, audience: undefined, userAgent: '' }),
    ).rejects.toMatchObject({ kind: 'invalid-argument', facts: { field: 'audience' } });
  });

  it('never logs a password or a hash', async () => {
    await expect(signIn('legacy', 'plain')).rejects.toThrow();
    expect(JSON.stringify(identity.warnings)).not.toMatch(/plain|\$2a|\{noop\}/);
    expect(identity.warnings).toEqual([expect.objectContaining({ encoding: 'noop' })]);
  });
});
