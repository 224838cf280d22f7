import { Code, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import {
  AuthService,
  type SignInResponse,
  SignInRequestSchema,
  SignInResponseSchema,
} from '@energy-chat/contract/auth_pb.js';
import { ConversationService, WatchRequestSchema, WatchResponseSchema } from '@energy-chat/contract/conversation_pb.js';
import { expect, test } from '@playwright/test';
import { createServer } from 'node:http';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import type { Envoy } from '../scripts/services/envoy.mjs';
import { freePort } from '../scripts/services/network.mjs';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { CookieJar } from './support/cookie-jar.js';
import { type Edge, embeddedEdge, envoyEdge } from './support/edge.js';
import { answerOf, bytesOfText, frameOf } from './support/grpc-web-frames.js';
import { admin, client, Person } from './support/person.js';
import { refusalOf } from './support/refusal.js';
import { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { oneTo, words } from './support/words.js';
import { Page } from './support/page.js';
import { Undo } from './support/undo.js';
import { nativeWay, webWay } from './support/way.js';

const SIGN_IN = '/energy.chat.v1.AuthService/SignIn';
const WATCH = '/energy.chat.v1.ConversationService/Watch';
const BINARY = 'application/grpc-web+proto';
const ALLOWED = 'https://portal.example';

const undo = new Undo();
let replica: Replica;
const edges: Record<string, Edge> = {};
let envoy: Envoy;

test.beforeAll(async () => {
  const folder = ownFolder('e2e');
  undo.later(() => Promise.resolve(folder.release()));
  replica = await Replica.make('wire', folder.path, { DATA_DIRECTORY: folder.path, HEARTBEAT_SECONDS: '2' });
  undo.later(() => replica.kill());
  await replica.start();
  const embedded = await embeddedEdge(replica.address);
  undo.later(() => embedded.close());
  const files = createServer((request, response) =>
    response.setHeader('cache-control', 'max-age=60').end(`file ${request.url}`),
  );
  const port = await freePort();
  await new Promise<void>((resolve) => files.listen(port, '127.0.0.1', resolve));
  undo.later(() => new Promise((resolve) => files.close(resolve).closeAllConnections()));
  envoy = await envoyEdge([replica.address], {
    ALLOWED_ORIGINS: `${ALLOWED},http://localhost:3000`,
    CLIENT_PORTAL_ADDRESS: `127.0.0.1:${port}`,
  });
  undo.later(() => envoy.close());
  Object.assign(edges, { 'the embedded edge': embedded, Envoy: envoy });
});

test.afterAll(() => undo.all());

/** A page of the client portal's own origin. */
function pageAt(address: string, jar = new CookieJar()) {
  const transport = createGrpcWebTransport({ baseUrl: `http://${address}`, fetch: jar.fetch });
  return {
    auth: createClient(AuthService, transport),
    conversations: createClient(ConversationService, transport),
    jar,
  };
}

async function signedIn(address: string, login = 'client1') {
  const page = pageAt(address);
  const answer = await page.auth.signIn({ login, password: DEMO_PASSWORD });
  return { ...page, answer, headers: { authorization: `Bearer ${answer.accessToken}` } };
}

function post(
  address: string,
  path: string,
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer> = new Uint8Array(5),
) {
  return fetch(`http://${address}${path}`, { method: 'POST', headers, body });
}

for (const name of ['the embedded edge', 'Envoy']) {
  test.describe(`a browser at ${name}`, () => {
    let edge: Edge;
    test.beforeAll(async () => {
      const found = edges[name];
      if (found === undefined) throw new Error(`${name} was not started.`);
      edge = found;
      // The replica may have been away a moment ago.
      await soon(() =>
        signedIn(found.clientEdge).then(
          () => 'served',
          (error: unknown) => error,
        ),
      ).toBe('served');
    });

    test('gets the answer of a call', async () => {
      const { conversations, headers } = await signedIn(edge.clientEdge);
      const { conversation } = await conversations.getMyConversation({}, { headers });
      expect(conversation?.client?.login).toBe('client1');
    });

    test('gets an error with its code, reason and facts, and the id of its request', async () => {
      const { conversations, headers } = await signedIn(edge.clientEdge);
      const { conversation } = await conversations.getMyConversation({}, { headers });
      const error = await refusalOf(
        conversations.sendMessage(
          { conversationId: conversation?.id ?? '', requestId: 'too-long', text: 'x'.repeat(4_001) },
          { headers: { ...headers, 'x-request-id': `from-the-page-${name.length}` } },
        ),
      );
      expect(error).toMatchObject({ code: Code.InvalidArgument, reason: 'MESSAGE_TOO_LONG', facts: { field: 'text' } });
      await soon(() => replica.log).toContain(`"requestId":"from-the-page-${name.length}"`);
    });

    test('gets the events of a stream as they come, and the service hears when it leaves', async () => {
      const { conversations, headers } = await signedIn(edge.clientEdge);
      const { conversation } = await conversations.getMyConversation({}, { headers });
      const conversationId = conversation?.id ?? '';
      const afterSeq = conversation?.lastSeq ?? 0;
      const left = new AbortController();
      const requestId = `leaves-${name.length}`;
      const watch = conversations.watch(
        { cursors: [{ conversationId, afterSeq }] },
        { signal: left.signal, headers: { ...headers, 'x-request-id': requestId } },
      );
      const heard: (string | undefined)[] = [];
      const reading = (async () => {
        for await (const { event } of watch) {
          heard.push(
            event.case === 'entry' && event.value.content.case === 'message'
              ? event.value.content.value.text
              : event.case,
          );
        }
      })();
      await soon(() => heard).toContain('caughtUp');
      await conversations.sendMessage({ conversationId, requestId: `live-${name.length}`, text: 'live' }, { headers });
      await soon(() => heard, 1_000).toContain('live');
      left.abort();
      expect((await refusalOf(reading)).code).toBe(Code.Canceled);
      await soon(() => replica.log, 2_000).toMatch(new RegExp(`"code":"CANCELLED".*"requestId":"${requestId}"`));
    });

    test('has its refresh token in a cookie only: set, used and cleared', async () => {
      const { auth, jar, answer, headers } = await signedIn(edge.clientEdge);
      expect(answer.refreshToken).toBe('');
      expect(jar.received).toEqual([
        expect.stringMatching(/^chat_client_rt=.{20,}; HttpOnly; SameSite=Strict; Path=\//),
      ]);
      const refreshed = await auth.refresh({});
      expect(refreshed.me?.login).toBe('client1');
      expect(refreshed.refreshToken).toBe('');
      expect(jar.received).toHaveLength(2);
      await auth.signOut({}, { headers });
      expect(jar.values).toEqual([]);
      expect(await refusalOf(auth.refresh({}))).toMatchObject({ code: Code.Unauthenticated });
    });

    test("is of its portal's audience, whatever it says", async () => {
      const lie = { headers: { 'x-chat-audience': 'admin' } };
      const ok = await pageAt(edge.clientEdge).auth.signIn({ login: 'client2', password: DEMO_PASSWORD }, lie);
      expect(ok.me?.login).toBe('client2');
      const wrong = pageAt(edge.clientEdge).auth.signIn({ login: 'admin1', password: DEMO_PASSWORD }, lie);
      expect(await refusalOf(wrong)).toMatchObject({ code: Code.PermissionDenied, reason: 'WRONG_PORTAL' });
      const { jar } = await signedIn(edge.adminEdge, 'admin1');
      expect(jar.received).toEqual([expect.stringMatching(/^chat_admin_rt=/)]);
    });

    test('has a request over 256 KiB refused so that the page knows why, and one below taken', async () => {
      const { conversations, headers } = await signedIn(edge.clientEdge);
      const send = (kibibytes: number) =>
        refusalOf(conversations.sendMessage({ requestId: 'large', text: 'x'.repeat(kibibytes * 1_024) }, { headers }));
      for (const kibibytes of [257, 300, 5_000]) {
        const error = await send(kibibytes);
        expect(error.code).toBe(Code.ResourceExhausted);
        expect(error.message).toContain('A request may have 256 KiB at most');
      }
      // It reaches the service, which has rules of its own.
      expect(await send(250)).toMatchObject({ code: Code.PermissionDenied });
    });

    test('is refused when its page is of another origin', async () => {
      const status = async (address: string, origin: string) =>
        (await post(address, SIGN_IN, { 'content-type': BINARY, origin })).status;
      const { clientEdge, adminEdge } = edge;
      for (const [own, other] of [
        [clientEdge, adminEdge],
        [adminEdge, clientEdge],
      ] as const) {
        for (const foreign of ['https://elsewhere.example', `http://${other}`, 'null']) {
          expect(await status(own, foreign)).toBe(403);
        }
        expect(await status(own, `http://${own}`)).toBe(200);
      }
      const preflight = await fetch(`http://${edge.clientEdge}${SIGN_IN}`, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
      });
      expect(preflight.status).toBe(403);
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    });

    test('calls by gRPC-Web only, and gets answers that no other site may use', async () => {
      for (const type of ['application/json', 'application/grpc-web-text', 'text/plain']) {
        expect((await post(edge.clientEdge, SIGN_IN, { 'content-type': type })).status).toBe(415);
      }
      expect((await fetch(`http://${edge.clientEdge}${SIGN_IN}`, { method: 'DELETE' })).status).toBe(405);
      const { headers } = await post(edge.clientEdge, SIGN_IN, { 'content-type': BINARY });
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    });

    test('has its deadline kept by the service', async () => {
      const { headers } = await signedIn(edge.clientEdge);
      const web = { ...headers, 'content-type': BINARY, 'grpc-timeout': '400m' };
      const response = await post(edge.clientEdge, WATCH, web, frameOf(WatchRequestSchema, {}));
      const { messages, trailers } = answerOf(
        WatchResponseSchema,
        Buffer.from(await response.arrayBuffer()),
        response.headers,
      );
      expect(messages.map(({ event }) => event.case)).toContain('caughtUp');
      expect(trailers.get('grpc-status')).toBe(String(Code.DeadlineExceeded));
    });

    test('hears UNAVAILABLE without an address while the service is away, and is served again when it is back', async () => {
      const { conversations, headers } = await signedIn(edge.clientEdge);
      await replica.kill();
      const error = await refusalOf(conversations.getMyConversation({}, { headers }));
      expect(error.code).toBe(Code.Unavailable);
      expect(error.message).not.toMatch(/127\.0\.0\.1|ECONN|socket/);
      await replica.start();
      const login = async (): Promise<string | undefined> => {
        try {
          return (await conversations.getMyConversation({}, { headers })).conversation?.client?.login;
        } catch {
          return undefined;
        }
      };
      await soon(login, 10_000).toBe('client1');
    });
  });
}

test.describe("Envoy's open listener", () => {
  const preflight = (origin: string) =>
    fetch(`http://${envoy.openEdge}${SIGN_IN}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-grpc-web',
      },
    });

  test('lets pages of exactly the allowed origins call it', async () => {
    const { headers } = await preflight(ALLOWED);
    expect(headers.get('access-control-allow-origin')).toBe(ALLOWED);
    expect(headers.get('access-control-allow-methods')).toBe('POST');
    expect(headers.get('access-control-allow-headers')?.split(',')).toEqual([
      'authorization',
      'x-grpc-web',
      'x-user-agent',
      'grpc-timeout',
      'content-type',
    ]);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['https://elsewhere.example', `${ALLOWED}.evil.example`, 'http://portal.example', 'null']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('lets such a page read the status, also of a refusal by Envoy itself', async () => {
    const headers = { 'content-type': BINARY, origin: ALLOWED };
    const large = await post(envoy.openEdge, SIGN_IN, headers, new Uint8Array(300 * 1_024));
    for (const response of [await post(envoy.openEdge, SIGN_IN, headers), large]) {
      expect(response.headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(response.headers.get('access-control-expose-headers')).toBe(
        'grpc-status,grpc-message,grpc-status-details-bin',
      );
    }
    expect(large.headers.get('grpc-status')).toBe(String(Code.ResourceExhausted));
  });

  test('speaks gRPC-Web text: unary and a stream', async () => {
    const text = { 'content-type': 'application/grpc-web-text', accept: 'application/grpc-web-text' };
    const request = frameOf(SignInRequestSchema, {
      login: 'client3',
      password: DEMO_PASSWORD,
      audience: client(3).audience,
    });
    const response = await post(envoy.openEdge, SIGN_IN, text, request.toString('base64'));
    expect(response.headers.get('content-type')).toMatch(/^application\/grpc-web-text/);
    const { messages, trailers } = answerOf(SignInResponseSchema, bytesOfText(await response.text()), response.headers);
    expect(trailers.get('grpc-status')).toBe('0');
    const [answer]: readonly (SignInResponse | undefined)[] = messages;
    expect(answer?.me?.login).toBe('client3');

    const headers = { ...text, authorization: `Bearer ${answer?.accessToken}`, 'grpc-timeout': '400m' };
    const stream = await post(envoy.openEdge, WATCH, headers, frameOf(WatchRequestSchema, {}).toString('base64'));
    const watched = answerOf(WatchResponseSchema, bytesOfText(await stream.text()), stream.headers);
    expect(watched.messages.map(({ event }) => event.case)).toContain('caughtUp');
    expect(watched.trailers.get('grpc-status')).toBe(String(Code.DeadlineExceeded));
  });

  test('names no audience and takes no cookie: the refresh token travels in the message', async () => {
    const { auth, jar } = pageAt(envoy.openEdge);
    const lie = { headers: { 'x-chat-audience': 'client', cookie: 'chat_client_rt=stolen' } };
    const answer = await auth.signIn({ login: 'client4', password: DEMO_PASSWORD, audience: client(4).audience }, lie);
    expect(answer.refreshToken).not.toBe('');
    expect(jar.received).toEqual([]);
    const refreshed = await auth.refresh({ refreshToken: answer.refreshToken }, lie);
    expect(refreshed.me?.login).toBe('client4');
  });

  test('hides everything that is no method of the chat', async () => {
    expect((await fetch(`http://${envoy.openEdge}/`)).status).toBe(404);
    for (const path of ['/grpc.health.v1.Health/Check', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']) {
      expect((await post(envoy.openEdge, path, { 'content-type': BINARY })).status).toBe(404);
    }
  });
});

test.describe('Envoy', () => {
  test("serves the portal's files beside the API, with what no other site may do with them", async () => {
    const response = await fetch(`http://${envoy.clientEdge}/chat/panel.js`);
    expect(await response.text()).toBe('file /chat/panel.js');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'max-age=60',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  test('has a configuration without deprecated or unstable parts', async () => {
    const { code, output } = await envoy.validate();
    expect(output).toContain('OK');
    expect(code).toBe(0);
    expect(output).not.toMatch(/deprecated|work-in-progress|\[(warning|error|critical)\]/i);
  });

  test('has room for many streams, which each count as a request', async () => {
    const clusters = await (await fetch(`${envoy.admin}/clusters`)).text();
    expect(clusters).toMatch(/^chat-service::default_priority::max_requests::100000$/m);
    expect(clusters).toMatch(/^chat-service::.*::health_flags::healthy$/m);
  });

  test('ends a stream at its longest life, and the SDK goes on without a loss', async () => {
    const short = await envoyEdge([replica.address], {}, (config) => config.replaceAll('900s', '1s'));
    undo.later(() => short.close());
    const ana = await Person.signIn(client(5), [webWay('Envoy', short.clientEdge, new CookieJar())], {
      refreshToken: 'cookie',
    });
    const maria = await Person.signIn(admin(1), [nativeWay(replica)]);
    for (const person of [ana, maria]) undo.later(() => Promise.resolve(person.close()));
    const { conversation } = await ana.chat.getMyConversation();
    const page = await Page.open(ana, conversation.id, 'front');
    await soon(() => ana.watch.status).toBe('live');
    for (const number of oneTo(10)) {
      await maria.chat.sendMessage(conversation.id, words(`answer ${number}`));
      await soon(() => page.texts).toContain(words(`answer ${number}`));
    }
    await soon(() => ana.statuses.filter((status) => status === 'reconnecting').length).toBeGreaterThan(1);
    expect(page.seqs).toEqual(oneTo(page.seqs.length));
    expect(ana.record.disorder()).toEqual([]);
  });
});
