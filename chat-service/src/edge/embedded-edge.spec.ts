import { Code, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { AuthService } from '@energy-chat/contract/auth_pb.js';
import { ConversationService } from '@energy-chat/contract/conversation_pb.js';
import { ErrorInfoSchema, RetryInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { InboxService } from '@energy-chat/contract/inbox_pb.js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { drain, freePort, refusal, silentLog, startGrpcTestServer } from '../testing/grpc-test-server.js';
import { eventually } from '../testing/eventually.js';
import type { GrpcTestServer } from '../testing/grpc-test-server.js';
import { startEdge } from './embedded-edge.js';

type Edge = Awaited<ReturnType<typeof startEdge>>;

let server: GrpcTestServer;
let clientEdge: Edge;
let adminEdge: Edge;

beforeAll(async () => {
  // Under Jest errors of node: are of another realm, so that Connect tells of broken connections, which it does not else.
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  server = await startGrpcTestServer();
  const common = { address: '127.0.0.1:0', grpcAddress: server.address, log: silentLog };
  clientEdge = await startEdge({ ...common, audience: 'client' });
  adminEdge = await startEdge({ ...common, audience: 'admin' });
});
afterAll(async () => {
  await Promise.all([clientEdge.stop(100), adminEdge.stop(100)]);
  await server.stop();
});

const origin = (edge: Edge = clientEdge) => `http://127.0.0.1:${edge.port}`;
const transport = (edge: Edge = clientEdge) => createGrpcWebTransport({ baseUrl: origin(edge) });
const conversations = () => createClient(ConversationService, transport());

describe('a browser at the embedded edge', () => {
  it('gets the answer of a call', async () => {
    expect((await conversations().sendMessage({ text: 'four' })).entry?.seq).toBe(4);
  });

  it('gets an error with its reason, facts and the time to try again', async () => {
    const error = await refusal(createClient(AuthService, transport()).signOut({}));
    expect(error.code).toBe(Code.Aborted);
    expect(error.rawMessage).toBe('Ana Popescu has taken this case');
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: 'CASE_TAKEN', domain: 'chat.energy', metadata: { winner_name: 'Ana Popescu, čšž' } },
    ]);
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBe(1n);
  });

  it('gets the request id of a failure, and gives its own', async () => {
    const error = await refusal(
      createClient(AuthService, transport()).getMe({}, { headers: { 'x-request-id': 'from-the-page' } }),
    );
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toContain('from-the-page');
    expect(error.metadata.get('x-request-id')).toBe('from-the-page');
  });

  it('gets cookies as headers of their own', async () => {
    let headers = new Headers();
    await createClient(AuthService, transport()).signIn({}, { onHeader: (answered) => (headers = answered) });
    expect(headers.getSetCookie()).toEqual([
      'chat_client_rt=first; HttpOnly; SameSite=Strict; Path=/',
      'other=second; Path=/',
    ]);
  });

  it('is of the audience of its edge, whatever it says, and no other header of its passes', async () => {
    const said = {
      'x-chat-audience': 'supervisor',
      'x-else': 'x',
      authorization: 'Bearer t',
      cookie: 'chat_client_rt=a; chat_admin_rt=b',
    };
    for (const [edge, audience] of [
      [clientEdge, 'client'],
      [adminEdge, 'admin'],
    ] as const) {
      const answer = await createClient(AuthService, transport(edge)).signIn({}, { headers: said });
      const heard = JSON.parse(answer.accessToken) as Record<string, string>;
      expect(heard).toMatchObject({
        'x-chat-audience': audience,
        authorization: 'Bearer t',
        cookie: 'chat_client_rt=a; chat_admin_rt=b',
      });
      expect(heard).not.toHaveProperty('x-else');
    }
  });

  it('gets the events of a stream as they come, and the service hears within a second that it left', async () => {
    const left = new AbortController();
    const events = conversations().watch({}, { signal: left.signal })[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { event: { case: 'caughtUp' } } });
    expect(server.seen.open).toBe(1);
    const leftAt = performance.now();
    left.abort();
    await eventually('the end of the stream', () => server.seen.open === 0);
    expect(performance.now() - leftAt).toBeLessThan(1_000);
  });

  it('leaves no stream behind when its connection breaks while it reads too slowly', async () => {
    const { socket, response } = await openFlood();
    response.pause();
    let before = -1;
    await eventually('the writer at rest', () => before === (before = server.seen.writtenEvents));
    socket.destroy();
    await eventually('the end of the stream', () => server.seen.open === 0);
  });

  it('gets the error that ends a stream', async () => {
    const error = await refusal(drain(conversations().watch({ epoch: 'fail' })));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe('RESYNC');
  });

  it('has its deadline and its cancellation passed on', async () => {
    const auth = createClient(AuthService, transport());
    expect((await refusal(auth.refresh({}, { timeoutMs: 100 }))).code).toBe(Code.DeadlineExceeded);
    await eventually('the end of the late call', () => server.seen.open === 0);
    const left = new AbortController();
    const call = refusal(auth.refresh({}, { signal: left.signal }));
    await eventually('the call', () => server.seen.open === 1);
    left.abort();
    expect((await call).code).toBe(Code.Canceled);
    await eventually('the end of the call', () => server.seen.open === 0);
  });

  it('has a message over 256 KiB refused, and one below taken, on the same connection', async () => {
    for (const kibibytes of [300, 5_000]) {
      const error = await refusal(conversations().sendMessage({ text: 'x'.repeat(kibibytes * 1_024) }));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(error.rawMessage).toBe('A request may have 256 KiB at most');
    }
    expect((await conversations().sendMessage({ text: 'x'.repeat(250 * 1_024) })).entry?.seq).toBe(250 * 1_024);
  });

  it('hears UNIMPLEMENTED from a service without the method', async () => {
    expect((await refusal(createClient(InboxService, transport()).getCounts({}))).code).toBe(Code.Unimplemented);
  });

  it('hears without an address in it that the service is away', async () => {
    const grpcAddress = `127.0.0.1:${await freePort()}`;
    const edge = await startEdge({ address: '127.0.0.1:0', audience: 'client', grpcAddress, log: silentLog });
    const error = await refusal(createClient(ConversationService, transport(edge)).sendMessage({}));
    expect(error.code).toBe(Code.Unavailable);
    expect(error.rawMessage).toBe('The chat service cannot be reached at the moment; try again');
    await edge.stop(0);
  });
});

describe('the embedded edge as a web server', () => {
  it('refuses pages of other origins, and takes its own', async () => {
    const post = (from: string) =>
      fetch(`${origin()}/energy.chat.v1.AuthService/SignIn`, {
        method: 'POST',
        headers: { origin: from, 'content-type': 'application/grpc-web+proto' },
        body: new Uint8Array(5),
      }).then((response) => response.status);
    expect(await post('https://elsewhere.example')).toBe(403);
    expect(await post(origin(adminEdge))).toBe(403);
    expect(await post('null')).toBe(403);
    expect(await post(origin())).toBe(200);
  });

  it('answers no preflight', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const response = await fetch(`${origin()}/energy.chat.v1.AuthService/SignIn`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('speaks gRPC-Web only', async () => {
    for (const type of ['application/json', 'application/grpc-web-text', 'application/grpc-web+json', 'text/plain']) {
      const headers = { 'content-type': type };
      const url = `${origin()}/energy.chat.v1.AuthService/SignIn`;
      expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(415);
    }
  });

  it('says on its page that the portal is not part of this build, and allows the page nothing', async () => {
    const response = await fetch(`${origin(adminEdge)}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const page = await response.text();
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('<h1>Admin portal</h1>');
    expect(page).toContain('not part of this build yet');
    expect((await fetch(`${origin()}/main.js`)).status).toBe(404);
  });

  it('takes nothing left of a refused request for the next one', async () => {
    const socket = connect(clientEdge.port, '127.0.0.1');
    const post =
      'POST /energy.chat.v1.AuthService/SignIn HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n';
    // The envelope promises 1 GiB, which is refused before the rest of the body has come.
    socket.write(`${post}Content-Length: 1000\r\n\r\n`);
    socket.write(Buffer.from([0, 0x40, 0, 0, 0]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('grpc-status: 8');
    await once(socket, 'close');
  });

  it('refuses a request that does not say its length', async () => {
    const socket = connect(clientEdge.port, '127.0.0.1');
    const post =
      'POST /energy.chat.v1.AuthService/SignIn HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\n';
    socket.write(`${post}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('411 Length Required');
    socket.destroy();
  });

  it('stays up when a request makes no URL', async () => {
    const socket = connect(clientEdge.port, '127.0.0.1');
    socket.write(
      'POST /energy.chat.v1.AuthService/SignIn HTTP/1.1\r\nHost: a b\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 0\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('400 Bad Request');
    socket.destroy();
    expect((await fetch(origin())).status).toBe(200);
  });

  it('names the setting when its port is in use', async () => {
    const address = `127.0.0.1:${adminEdge.port}`;
    const second = startEdge({ address, audience: 'admin', grpcAddress: server.address, log: silentLog });
    await expect(second).rejects.toThrow(`ADMIN_EDGE_ADDRESS: ${address} is in use`);
  });

  it('stops as soon as the last answer is given, though browsers keep their connections', async () => {
    const edge = await startEdge({
      address: '127.0.0.1:0',
      audience: 'client',
      grpcAddress: server.address,
      log: silentLog,
    });
    const agent = new Agent({ keepAlive: true });
    const watch = httpRequest({
      port: edge.port,
      method: 'POST',
      path: '/energy.chat.v1.ConversationService/Watch',
      headers: { 'content-type': 'application/grpc-web+proto', 'content-length': 5, 'grpc-timeout': '300m' },
      agent,
    });
    watch.end(Buffer.alloc(5));
    const [answer] = (await once(watch, 'response')) as [IncomingMessage];
    answer.resume();
    const start = performance.now();
    await edge.stop(10_000);
    expect(performance.now() - start).toBeLessThan(5_000);
    agent.destroy();
  });

  it('stops within its limit though a stream is open', async () => {
    const common = { address: '127.0.0.1:0', grpcAddress: server.address, log: silentLog };
    const edge = await startEdge({ ...common, audience: 'client' });
    const stream = refusal(drain(createClient(ConversationService, transport(edge)).watch({})));
    await eventually('the stream', () => server.seen.open === 1);
    await edge.stop(50);
    await stream;
    await eventually('the end of the stream', () => server.seen.open === 0);
  });
});

/** A Watch that the service writes without end, by plain HTTP so that the test can stop reading. */
async function openFlood(): Promise<{ socket: { destroy(): unknown }; response: IncomingMessage }> {
  const request = httpRequest({
    port: clientEdge.port,
    method: 'POST',
    path: '/energy.chat.v1.ConversationService/Watch',
    headers: { 'content-type': 'application/grpc-web+proto' },
  });
  // WatchRequest { epoch: "flood" } in an envelope of 7 bytes.
  request.end(Buffer.from([0, 0, 0, 0, 7, 0x0a, 5, ...Buffer.from('flood')]));
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return { socket: request, response };
}
