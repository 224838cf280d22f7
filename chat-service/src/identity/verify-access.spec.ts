import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEMO_PASSWORD } from '../database/embedded/demo-data.js';
import { type IdentityFixture, openIdentity } from '../testing/identity-fixture.js';
import { EndedSessions } from './ended-sessions.js';
import type { Sessions } from './sessions.port.js';
import { VerifyAccess } from './verify-access.js';

let identity: IdentityFixture;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

async function accessToken(): Promise<string> {
  const { access } = await identity.signIn.run({
    login: 'client1',
    password: DEMO_PASSWORD,
    audience: 'client',
    userAgent: '',
  });
  return access.token;
}

/** A VerifyAccess whose one question is answered, and counted, by the test. */
function counting(answers: ('live' | 'ended' | 'behind' | Error)[]) {
  let asked = 0;
  const sessions = {
    accessSeen: () => {
      const answer = answers[asked] ?? 'live';
      asked += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  } as unknown as Sessions;
  const ended = new EndedSessions(sessions, 480, () => undefined);
  return { verify: new VerifyAccess(identity.accessTokens, sessions, ended), ended, asked: () => asked };
}

describe('VerifyAccess', () => {
  it('tells who calls', async () => {
    await expect(identity.verifyAccess().run(await accessToken())).resolves.toMatchObject({ id: '4', role: 'client' });
  });

  it('refuses what is no token of ours', async () => {
    await expect(identity.verifyAccess().run('abc')).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
  });

  it('asks the database once for a generation, also when calls come at once', async () => {
    const token = await accessToken();
    const { verify, asked } = counting([]);
    await Promise.all([verify.run(token), verify.run(token)]);
    await verify.run(token);
    expect(asked()).toBe(1);
  });

  it('asks again while the database is behind, or failed', async () => {
    const token = await accessToken();
    const { verify, asked } = counting(['behind', new Error('away'), 'live']);
    await verify.run(token);
    await expect(verify.run(token)).rejects.toThrow('away');
    await verify.run(token);
    await verify.run(token);
    expect(asked()).toBe(3);
  });

  it('refuses a session that ended before its token was first seen here', async () => {
    const token = await accessToken();
    const { sessionId } = await identity.accessTokens.verify(token);
    await identity.sessions.end(sessionId, 'signed-out');
    await expect(identity.verifyAccess().run(token)).rejects.toMatchObject({
      kind: 'unauthenticated',
      reason: 'SESSION_ENDED',
    });
  });

  it('refuses a session that ended since, as soon as this process knows', async () => {
    const token = await accessToken();
    const { verify, ended } = counting(['live']);
    const { sessionId } = await verify.run(token);
    ended.add(sessionId);
    await expect(verify.run(token)).rejects.toMatchObject({ reason: 'SESSION_ENDED' });
  });
});
