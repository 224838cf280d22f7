import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { type AccessGrant, AccessTokens } from './access-token.js';
import type { SigningKeys } from './signing-keys.js';

const grant: AccessGrant = {
  person: { id: '7', login: 'admin1', displayName: 'Admin One', role: 'admin' },
  sessionId: 'session-1',
  generation: 3,
  audience: 'admin',
};

function keysNamed(id: string): SigningKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { signing: { id, key: privateKey }, verifying: new Map([[id, publicKey]]) };
}

describe('AccessTokens', () => {
  const keys = keysNamed('key-1');
  let now = 1_700_000_000_250;
  let tokens: AccessTokens;
  beforeAll(() => {
    tokens = new AccessTokens(keys, 480, () => now);
  });

  /** A token that differs from a good one in what is given. */
  function forged(claims: Record<string, unknown>, header: Record<string, string> = {}, key = keys.signing.key) {
    const issuedAt = Math.floor(now / 1000);
    return new SignJWT({
      iss: 'energy-chat',
      aud: 'admin',
      sub: '7',
      sid: 'session-1',
      gen: 0,
      login: 'admin1',
      name: 'Admin One',
      role: 'admin',
      iat: issuedAt,
      exp: issuedAt + 480,
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'key-1', typ: 'at+jwt', ...header })
      .sign(key);
  }

  it('says who calls, in which session and generation, until when', async () => {
    const { token, expiresInSeconds } = await tokens.issue(grant);
    expect(expiresInSeconds).toBe(480);
    expect(await tokens.verify(token)).toEqual({
      id: '7',
      login: 'admin1',
      displayName: 'Admin One',
      role: 'admin',
      sessionId: 'session-1',
      generation: 3,
      audience: 'admin',
      expiresAt: 1_700_000_480_000,
    });
  });

  it('has the header and claims that were agreed', async () => {
    const { token } = await tokens.issue(grant);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: 'key-1', typ: 'at+jwt' });
    expect(decodeJwt(token)).toEqual({
      iss: 'energy-chat',
      aud: 'admin',
      sub: '7',
      sid: 'session-1',
      gen: 3,
      login: 'admin1',
      name: 'Admin One',
      role: 'admin',
      iat: 1_700_000_000,
      exp: 1_700_000_480,
    });
  });

  it('takes what the forgeries below are made from', async () => {
    expect(await tokens.verify(await forged({}))).toMatchObject({ id: '7', generation: 0 });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['another issuer', () => forged({ iss: 'somebody' })],
    ['another audience', () => forged({ aud: 'billing' })],
    ['another type', () => forged({}, { typ: 'JWT' })],
    ['another key under a known name', () => forged({}, {}, keysNamed('key-1').signing.key)],
    ['a key that is not listed', () => forged({}, { kid: 'key-2' })],
    ['a role that does not exist', () => forged({ role: 'owner' })],
    ['no end', () => forged({ exp: undefined })],
    ['no session', () => forged({ sid: undefined })],
    ['no signature', async () => `${(await forged({})).split('.').slice(0, 2).join('.')}.`],
    ['no sense', () => 'abc'],
    [
      'a shared secret in place of the key',
      () =>
        new SignJWT({ iss: 'energy-chat', aud: 'admin', exp: 2_000_000_000 })
          .setProtectedHeader({ alg: 'HS256', kid: 'key-1', typ: 'at+jwt' })
          .sign(Buffer.from('x'.repeat(32))),
    ],
  ])('refuses a token with %s', async (_what, make) => {
    await expect(tokens.verify(await make())).rejects.toMatchObject({
      kind: 'unauthenticated',
      reason: 'TOKEN_INVALID',
    });
  });

  it('lets clocks differ by 90 s and no more, remembered or not', async () => {
    const { token } = await tokens.issue(grant);
    const start = now;
    now = start + (480 + 89) * 1000;
    expect(await tokens.verify(token)).toMatchObject({ id: '7' });
    now = start + (480 + 90) * 1000;
    await expect(tokens.verify(token)).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
    await expect(new AccessTokens(keys, 480, () => now).verify(token)).rejects.toMatchObject({
      reason: 'TOKEN_EXPIRED',
    });
    now = start;
  });

  it('verifies each token once, also when it comes many times at once', async () => {
    let asked = 0;
    const counted = new (class extends Map<string, (typeof keys)['signing']['key']> {
      override get(id: string) {
        asked += 1;
        return super.get(id);
      }
    })(keys.verifying);
    const counting = new AccessTokens({ ...keys, verifying: counted }, 480, () => now);
    const { token } = await counting.issue(grant);
    await Promise.all([counting.verify(token), counting.verify(token), counting.verify(token)]);
    await counting.verify(token);
    expect(asked).toBe(1);
  });
});
