import { fromBinary } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import type { Transport } from '@connectrpc/connect';
import { Http2SessionManager, createGrpcTransport } from '@connectrpc/connect-node';
import { AuthService } from '@energy-chat/contract/auth_pb.js';
import { ConversationService } from '@energy-chat/contract/conversation_pb.js';
import { ErrorInfoSchema, RetryInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { service as healthService } from 'grpc-health-check';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import {
  PlumbingModule,
  drain,
  present,
  refusal,
  silentLog,
  startGrpcTestServer,
} from '../testing/grpc-test-server.js';
import { eventually } from '../testing/eventually.js';
import type { GrpcTestServer } from '../testing/grpc-test-server.js';
import { Metrics } from '../metrics/metrics.js';
import { GrpcServer } from './grpc-server.js';

const healthCheck = present(healthService['Check']);
const reflectionProto = createRequire(import.meta.url).resolve(
  '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
);
const reflectionService = loadSync(reflectionProto)['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
const reflection = present(reflectionService['ServerReflectionInfo']);

let server: GrpcTestServer;
const closing: (() => void)[] = [];

beforeAll(async () => {
  server = await startGrpcTestServer(true);
});
afterEach(() => closing.splice(0).forEach((close) => close()));
afterAll(() => server.stop());

function transport(address = server.address): Transport {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  closing.push(() => sessionManager.abort());
  return createGrpcTransport({ baseUrl, sessionManager });
}

describe('the gRPC server', () => {
  it('gives handlers messages and answers with theirs, encoded or not', async () => {
    const client = createClient(ConversationService, transport());
    expect((await client.sendMessage({ text: 'four' })).entry?.seq).toBe(4);
    expect((await client.sendMessage({ text: 'bytes' })).entry?.seq).toBe(5);
  });

  it('answers an expected failure with its code, reason, facts and the time to try again', async () => {
    const error = await refusal(createClient(AuthService, transport()).signOut({}));
    expect(error.code).toBe(Code.Aborted);
    expect(error.rawMessage).toBe('Ana Popescu has taken this case');
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: 'CASE_TAKEN', domain: 'chat.energy', metadata: { winner_name: 'Ana Popescu, čšž' } },
    ]);
    expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
    expect(server.log).toContainEqual(
      expect.objectContaining({
        level: 'info',
        code: 'ABORTED',
        reason: 'CASE_TAKEN',
        method: '/energy.chat.v1.AuthService/SignOut',
      }),
    );
  });

  it('tells nothing of a defect but the request id, which the log has with the stack', async () => {
    const error = await refusal(
      createClient(AuthService, transport()).getMe({}, { headers: { 'x-request-id': 'ticket-7' } }),
    );
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toContain('ticket-7');
    expect(error.rawMessage).not.toContain('hunter2');
    // Without a reason the SDK would take it for a lost answer, and try for ever.
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: 'INTERNAL', metadata: { request_id: 'ticket-7' } },
    ]);
    expect(error.metadata.get('x-request-id')).toBe('ticket-7');
    const logged = server.log.filter((line) => line['requestId'] === 'ticket-7' && line['level'] === 'error');
    expect(logged).toMatchObject([{ err: { message: 'the database password is hunter2', stack: expect.any(String) } }]);
  });

  it('answers and logs what it cannot encode like any other defect', async () => {
    const client = createClient(ConversationService, transport());
    const error = await refusal(client.sendMessage({ text: 'nonsense' }, { headers: { 'x-request-id': 'ticket-8' } }));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toContain('ticket-8');
    expect(server.log).toContainEqual(expect.objectContaining({ level: 'error', requestId: 'ticket-8' }));
  });

  it('keeps a good request id, replaces a bad one, and knows it after the handler has waited', async () => {
    const client = createClient(ConversationService, transport());
    const answered = async (id: string): Promise<string | null> => {
      let answer: string | null = null;
      await client.sendMessage(
        {},
        { headers: { 'x-request-id': id }, onHeader: (h) => (answer = h.get('x-request-id')) },
      );
      return answer;
    };
    expect(await answered('mine')).toBe('mine');
    expect(server.seen.requestIds.at(-1)).toBe('mine');
    const replaced = await answered('x'.repeat(65));
    expect(replaced).toMatch(/^[!-~]{1,64}$/);
    expect(server.seen.requestIds.at(-1)).toBe(replaced);
  });

  it('writes no header, token or body of a call into the log', async () => {
    const secret = 'only-the-caller-knows';
    const headers = { authorization: secret, cookie: secret };
    await createClient(AuthService, transport()).signIn({ login: 'eva', password: secret }, { headers });
    await eventually('the line of the call', () =>
      server.log.some((line) => String(line['method']).endsWith('SignIn')),
    );
    expect(JSON.stringify(server.log)).not.toContain(secret);
  });

  it('ends a stream with the error of its Observable', async () => {
    const events = createClient(ConversationService, transport()).watch({ epoch: 'fail' });
    const error = await refusal(drain(events));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)[0]?.reason).toBe('RESYNC');
    await eventually('the teardown', () => server.seen.open === 0);
  });

  it('hears of a watcher that leaves, and of a deadline', async () => {
    const client = createClient(ConversationService, transport());
    const left = new AbortController();
    const events = client.watch({}, { signal: left.signal })[Symbol.asyncIterator]();
    await events.next();
    expect(server.seen.open).toBe(1);
    left.abort();
    await eventually('the teardown after a cancel', () => server.seen.open === 0);
    expect((await refusal(drain(client.watch({}, { timeoutMs: 50 })))).code).toBe(Code.DeadlineExceeded);
    await eventually('the teardown after a deadline', () => server.seen.open === 0);
  });

  it('stops writing to a watcher that does not read', async () => {
    const left = new AbortController();
    const client = createClient(ConversationService, transport());
    const events = client.watch({ epoch: 'flood' }, { signal: left.signal })[Symbol.asyncIterator]();
    await events.next();
    let before = -1;
    await eventually('the writer at rest', () => before === (before = server.seen.writtenEvents));
    left.abort();
    await eventually('the teardown', () => server.seen.open === 0);
  });

  it('refuses bytes that are no request, in words', async () => {
    const raw = new Client(server.address, credentials.createInsecure());
    closing.push(() => raw.close());
    const bytes = (value: Buffer): Buffer => value;
    const path = '/energy.chat.v1.ConversationService/SendMessage';
    const error = await new Promise<ServiceError | null>((resolve) => {
      raw.makeUnaryRequest(path, bytes, bytes, Buffer.from([0x0a, 0xff, 0xff]), (failed) => resolve(failed));
    });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.details).toContain('not a request of this method');
    expect(error?.metadata.get('grpc-status-details-bin').toString()).toContain('REQUEST_UNREADABLE');
  });

  it('refuses a request over 512 KiB', async () => {
    const client = createClient(ConversationService, transport());
    expect((await refusal(client.sendMessage({ text: 'x'.repeat(513 * 1_024) }))).code).toBe(Code.ResourceExhausted);
    expect((await client.sendMessage({ text: 'x'.repeat(500 * 1_024) })).entry?.seq).toBe(500 * 1_024);
  });

  it('counts calls by method and code', async () => {
    await createClient(ConversationService, transport()).sendMessage({ text: 'counted' });
    await refusal(createClient(AuthService, transport()).signOut({}));
    const { text } = await server.metrics.exposition();
    expect(text).toMatch(/chat_calls_total\{method="\/energy.chat.v1.ConversationService\/SendMessage",code="OK"\} \d/);
    expect(text).toMatch(/chat_calls_total\{method="\/energy.chat.v1.AuthService\/SignOut",code="ABORTED"\} \d/);
  });

  it('answers health for the server and each service, as it is told', async () => {
    const check = (service: string) =>
      new Promise((resolve, reject) => {
        client().makeUnaryRequest(
          '/grpc.health.v1.Health/Check',
          healthCheck.requestSerialize,
          healthCheck.responseDeserialize,
          { service },
          (error, answer) => (error ? reject(error) : resolve(answer)),
        );
      });
    expect(await check('')).toMatchObject({ status: 'NOT_SERVING' });
    server.grpcServer.setServing(true);
    expect(await check('')).toMatchObject({ status: 'SERVING' });
    expect(await check('energy.chat.v1.InboxService')).toMatchObject({ status: 'SERVING' });
  });

  it('describes its services by reflection, with the files they need', async () => {
    const stream = client().makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      reflection.requestSerialize,
      reflection.responseDeserialize,
    );
    const answer = new Promise<{ fileDescriptorResponse: { fileDescriptorProto: Buffer[] } }>((resolve) =>
      stream.once('data', resolve),
    );
    stream.write({ fileContainingSymbol: 'energy.chat.v1.ConversationService' });
    const files = (await answer).fileDescriptorResponse.fileDescriptorProto;
    const ended = once(stream, 'end');
    stream.end();
    await ended;
    expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual(
      expect.arrayContaining(['energy/chat/v1/conversation.proto', 'google/protobuf/timestamp.proto']),
    );
  });
});

describe('starting and stopping', () => {
  it('names the setting when the port is in use', async () => {
    const config = { GRPC_ADDRESS: server.address, GRPC_REFLECTION: false };
    const second = new GrpcServer(config, silentLog, new Metrics());
    const app = await NestFactory.createMicroservice(PlumbingModule, { ...second.options, logger: false });
    await expect(second.listen(app)).rejects.toThrow(`GRPC_ADDRESS: ${server.address} is in use`);
  });

  it('does not start with a method that nobody serves', async () => {
    const one = await startGrpcTestServer();
    await one.stop();
    const grpcServer = new GrpcServer({ GRPC_ADDRESS: one.address, GRPC_REFLECTION: false }, silentLog, new Metrics());
    const app = await NestFactory.createMicroservice(PlumbingModule, { ...grpcServer.options, logger: false });
    await expect(grpcServer.listen(app)).rejects.toThrow('energy.chat.v1.InboxService/ClaimCase');
    await app.close();
  });

  it('stops within its limit though a stream is open, and finishes a call in flight', async () => {
    const one = await startGrpcTestServer();
    const stream = refusal(drain(createClient(ConversationService, transport(one.address)).watch({})));
    await eventually('the stream', () => one.seen.open === 1);
    const send = createClient(ConversationService, transport(one.address)).sendMessage({ text: 'last' });
    await eventually('the call', () => one.seen.requestIds.length === 1);
    await one.grpcServer.stop(100);
    expect((await send).entry?.seq).toBe(4);
    expect((await stream).code).toBe(Code.Unavailable);
    await one.stop();
  });
});

/** For what is not of our contract. */
function client(): Client {
  const made = new Client(server.address, credentials.createInsecure());
  closing.push(() => made.close());
  return made;
}
