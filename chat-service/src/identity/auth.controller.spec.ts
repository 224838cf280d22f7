import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Audience, AuthService, type EndSessionRequest } from '@energy-chat/contract/auth_pb.js';
import { ErrorInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { Role } from '@energy-chat/contract/person_pb.js';
import { type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { DEMO_PASSWORD } from '../database/embedded/demo-data.js';
import { ErrorFilter } from '../grpc/error.filter.js';
import { GrpcServer } from '../grpc/grpc-server.js';
import { freePort, silentLog } from '../testing/grpc-test-server.js';
import { type IdentityFixture, openIdentity } from '../testing/identity-fixture.js';
import { AccessGuard } from './access.guard.js';
import { AuthController } from './auth.controller.js';
import type { ConversationOwners } from './conversation-owners.port.js';
import { EndSession } from './end-session.js';
import { Languages } from './languages.port.js';
import { ListSessions } from './list-sessions.js';
import { Refresh } from './refresh.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SetLanguage } from './set-language.js';
import { SignIn } from './sign-in.js';
import { SignOut } from './sign-out.js';
import { VerifyAccess } from './verify-access.js';

let identity: IdentityFixture;
let server: GrpcServer;
let app: INestMicroservice;
let session: Http2SessionManager;
let auth: Client<typeof AuthService>;

@Module({})
class AuthModule {}

beforeAll(async () => {
  identity = await openIdentity();
  const address = `127.0.0.1:${await freePort()}`;
  server = new GrpcServer({ GRPC_ADDRESS: address, GRPC_REFLECTION: false }, silentLog, { callEnded: () => undefined });
  const module = {
    module: AuthModule,
    controllers: [AuthController],
    providers: [
      { provide: SignIn, useValue: identity.signIn },
      { provide: Refresh, useValue: identity.refresh },
      { provide: SignOut, useValue: identity.signOut },
      { provide: SetLanguage, useValue: new SetLanguage(identity.languages) },
      { provide: ListSessions, useValue: identity.listSessions },
      { provide: EndSession, useValue: identity.endSession },
      { provide: Languages, useValue: identity.languages },
      { provide: RefreshCookie, useValue: new RefreshCookie(false) },
    ],
  };
  app = await NestFactory.createMicroservice(module, { ...server.options, logger: false });
  app.useGlobalFilters(new ErrorFilter(silentLog));
  const { accessTokens, sessions, ended } = identity;
  const noAccounts = { accountOf: () => undefined };
  app.useGlobalGuards(
    new AccessGuard(new VerifyAccess(accessTokens, sessions, ended), {} as ConversationOwners, noAccounts),
  );
  await app.listen();
  const baseUrl = `http://${address}`;
  session = new Http2SessionManager(baseUrl);
  auth = createClient(AuthService, createGrpcTransport({ baseUrl, sessionManager: session }));
});
afterAll(async () => {
  session.abort();
  await server.stop(0);
  await app.close();
  await identity.close();
});

const credentials = { login: 'client1', password: DEMO_PASSWORD, audience: Audience.CLIENT };

/** The reason of the refusal that a call ends with. */
async function reasonOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = ConnectError.from(
    await call.then(
      () => new Error('it was answered'),
      (failure: unknown) => failure,
    ),
  );
  return error.findDetails(ErrorInfoSchema)[0]?.reason ?? error.message;
}

function bearer(token: string, headers: Record<string, string> = {}) {
  return { headers: { authorization: `Bearer ${token}`, ...headers } };
}

/** Behind the client portal's edge: the cookies that came with the answer, and the answer. */
async function throughEdge<T>(
  call: (options: { headers: Record<string, string>; onHeader(h: Headers): void }) => Promise<T>,
  cookie = '',
) {
  let cookies: string[] = [];
  const answer = await call({
    headers: { 'x-chat-audience': 'client', ...(cookie === '' ? {} : { cookie }) },
    onHeader: (headers) => {
      cookies = headers.getSetCookie();
    },
  });
  return { answer, cookies };
}

describe('AuthService over gRPC', () => {
  it('signs a native client in, refreshes and signs out, all by message', async () => {
    const signedIn = await auth.signIn(credentials);
    expect(signedIn.me).toMatchObject({ id: '4', login: 'client1', displayName: 'client1', role: Role.CLIENT });
    expect(signedIn.expiresIn && durationMs(signedIn.expiresIn)).toBe(480_000);
    expect((await auth.getMe({}, bearer(signedIn.accessToken))).me).toEqual(signedIn.me);

    const refreshed = await auth.refresh({ refreshToken: signedIn.refreshToken });
    expect(refreshed.refreshToken).not.toBe(signedIn.refreshToken);
    expect(refreshed.me).toEqual(signedIn.me);

    await auth.signOut({}, bearer(refreshed.accessToken));
    expect(await reasonOf(auth.refresh({ refreshToken: refreshed.refreshToken }))).toBe('SESSION_ENDED');
  });

  it('tells a person, and nobody else, the language they chose, at every way in', async () => {
    const { me, accessToken, refreshToken } = await auth.signIn({ ...credentials, login: 'client2' });
    expect(me?.language).toBe('');
    await auth.setLanguage({ language: 'ro-md' }, bearer(accessToken));
    expect((await auth.getMe({}, bearer(accessToken))).me?.language).toBe('ro-MD');
    expect((await auth.refresh({ refreshToken })).me?.language).toBe('ro-MD');
    expect((await auth.signIn({ ...credentials, login: 'client2' })).me?.language).toBe('ro-MD');
    expect((await auth.signIn({ ...credentials, login: 'client3' })).me?.language).toBe('');
    expect(await reasonOf(auth.setLanguage({ language: 'ro' }))).toBe('TOKEN_MISSING');
  });

  it('shows a person where they are signed in, and ends what they name', async () => {
    const signIn = (login: string, program: string) =>
      auth.signIn({ ...credentials, login }, { headers: { 'user-agent': program } });
    const here = await signIn('client4', 'Firefox');
    const phone = await signIn('client4', 'Phone');
    const office = await signIn('client4', `Office ${'x'.repeat(300)}`);
    const stranger = await signIn('client5', 'Elsewhere');
    const listed = async () => (await auth.listSessions({}, bearer(here.accessToken))).sessions;
    const [third, second, first] = await listed();
    expect(first).toMatchObject({ current: true, userAgent: 'Firefox' });
    expect(first?.usedTime).toEqual(first?.createdTime);
    expect(Math.abs(Number(first?.createdTime?.seconds) - Date.now() / 1_000)).toBeLessThan(60);
    expect(second).toMatchObject({ current: false, userAgent: 'Phone' });
    expect(third).toMatchObject({ current: false, userAgent: `Office ${'x'.repeat(248)}` });

    const named = { case: 'sessionId', value: second?.id ?? '' } as const;
    const end = (token: string, which: EndSessionRequest['which']) => auth.endSession({ which }, bearer(token));
    expect(await reasonOf(end(stranger.accessToken, named))).toBe('SESSION_NOT_FOUND');
    await end(here.accessToken, named);
    expect(identity.ended.has(named.value)).toBe(true);
    expect(await reasonOf(auth.getMe({}, bearer(phone.accessToken)))).toBe('SESSION_ENDED');
    expect(await reasonOf(auth.refresh({ refreshToken: phone.refreshToken }))).toBe('SESSION_ENDED');
    await end(here.accessToken, named);

    await end(here.accessToken, { case: 'allOthers', value: true });
    expect(await reasonOf(auth.getMe({}, bearer(office.accessToken)))).toBe('SESSION_ENDED');
    expect(await listed()).toMatchObject([{ id: first?.id }]);
    await auth.getMe({}, bearer(stranger.accessToken));
  });

  it.each<EndSessionRequest['which']>([{ case: undefined }, { case: 'allOthers', value: false }])(
    'ends nothing that was not named',
    async (which) => {
      const { accessToken } = await auth.signIn(credentials);
      expect(await reasonOf(auth.endSession({ which }, bearer(accessToken)))).toBe('INVALID_FIELD');
      await auth.getMe({}, bearer(accessToken));
    },
  );

  it('carries the refresh token only as a cookie behind an edge', async () => {
    const { answer, cookies } = await throughEdge((options) =>
      auth.signIn({ ...credentials, audience: Audience.ADMIN }, options),
    );
    expect(answer.refreshToken).toBe('');
    expect(cookies).toEqual([
      expect.stringMatching(/^chat_client_rt=[^;]+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=/),
    ]);
    const cookie = cookies[0]?.split(';')[0] ?? '';

    const refreshed = await throughEdge((options) => auth.refresh({}, options), cookie);
    expect(refreshed.answer.refreshToken).toBe('');
    expect(refreshed.cookies[0]).toMatch(/^chat_client_rt=/);
    expect(refreshed.cookies[0]?.split(';')[0]).not.toBe(cookie);

    const { accessToken } = refreshed.answer;
    const signedOut = await throughEdge(({ headers, onHeader }) =>
      auth.signOut({}, { headers: { ...headers, authorization: `Bearer ${accessToken}` }, onHeader }),
    );
    expect(signedOut.cookies).toEqual([expect.stringMatching(/^chat_client_rt=; .*Max-Age=0/)]);
  });

  it('takes no refresh token from the message behind an edge', async () => {
    const { refreshToken } = await auth.signIn(credentials);
    const edge = { headers: { 'x-chat-audience': 'client' } };
    expect(await reasonOf(auth.refresh({ refreshToken }, edge))).toBe('TOKEN_MISSING');
  });

  it("lets the edge's portal decide, not the request's", async () => {
    const edge = { headers: { 'x-chat-audience': 'admin' } };
    expect(await reasonOf(auth.signIn(credentials, edge))).toBe('WRONG_PORTAL');
  });

  it('asks a native client for its audience', async () => {
    const unspecified = { ...credentials, audience: Audience.UNSPECIFIED };
    expect(await reasonOf(auth.signIn(unspecified))).toBe('INVALID_FIELD');
  });

  it('refuses who brings no token, a bad one, or one of a session that has ended', async () => {
    expect(await reasonOf(auth.getMe({}))).toBe('TOKEN_MISSING');
    expect(await reasonOf(auth.getMe({}, bearer('abc')))).toBe('TOKEN_INVALID');
    const { accessToken } = await auth.signIn(credentials);
    await auth.signOut({}, bearer(accessToken));
    expect(await reasonOf(auth.getMe({}, bearer(accessToken)))).toBe('SESSION_ENDED');
  });
});
