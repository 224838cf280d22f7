import { create, toBinary } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { SignInResponseSchema } from '@energy-chat/contract/auth_pb.js';
import type { RefreshResponse, SignInRequest, SignInResponse } from '@energy-chat/contract/auth_pb.js';
import { SendMessageResponseSchema, WatchResponseSchema } from '@energy-chat/contract/conversation_pb.js';
import type { SendMessageRequest, WatchRequest } from '@energy-chat/contract/conversation_pb.js';
import { Metadata } from '@grpc/grpc-js';
import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod } from '@nestjs/microservices';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Observable } from 'rxjs';
import 'reflect-metadata';
import { ChatError } from '../chat-error.js';
import { encodeWatchResponse } from '../grpc/contract.js';
import { ErrorFilter } from '../grpc/error.filter.js';
import { ReadableRequestGuard } from '../grpc/readable-request.guard.js';
import { GrpcServer } from '../grpc/grpc-server.js';
import { requestContext } from '../grpc/request-context.js';
import { createLogger } from '../log.js';
import { Metrics } from '../metrics/metrics.js';

/** What the handlers saw; tests wait on it. */
export class Seen {
  /** Calls of Refresh and Watch that are open now. */
  open = 0;
  readonly requestIds: (string | undefined)[] = [];
  writtenEvents = 0;
}

/** A few methods of the contract, each behaving in one way that the plumbing must carry. */
@Controller()
export class PlumbingController {
  static seen = new Seen();

  /** Answers in `access_token` the metadata it got, as JSON, and sets a cookie. */
  @GrpcMethod('energy.chat.v1.AuthService', 'SignIn')
  signIn(_request: SignInRequest, metadata: Metadata, call: ServerUnaryCall<SignInRequest, SignInResponse>): unknown {
    const answer = new Metadata();
    answer.add('set-cookie', 'chat_client_rt=first; HttpOnly; SameSite=Strict; Path=/');
    answer.add('set-cookie', 'other=second; Path=/');
    call.sendMetadata(answer);
    return create(SignInResponseSchema, { accessToken: JSON.stringify(metadata.getMap()) });
  }

  /** Waits until its caller leaves. */
  @GrpcMethod('energy.chat.v1.AuthService', 'Refresh')
  refresh(_request: unknown, _metadata: Metadata, call: ServerUnaryCall<unknown, RefreshResponse>): Promise<never> {
    PlumbingController.seen.open += 1;
    call.on('cancelled', () => (PlumbingController.seen.open -= 1));
    return new Promise(() => undefined);
  }

  @GrpcMethod('energy.chat.v1.AuthService', 'SignOut')
  signOut(): never {
    throw new ChatError('aborted', 'CASE_TAKEN', 'Ana Popescu has taken this case', {
      facts: { winner_name: 'Ana Popescu, čšž' },
      retryAfterMs: 1_500,
    });
  }

  @GrpcMethod('energy.chat.v1.AuthService', 'GetMe')
  getMe(): never {
    throw new Error('the database password is hunter2');
  }

  /** Echoes its text: as a message, as bytes for "bytes", as what no encoder takes for "nonsense". */
  @GrpcMethod('energy.chat.v1.ConversationService', 'SendMessage')
  async sendMessage(request: SendMessageRequest): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    PlumbingController.seen.requestIds.push(requestContext()?.id);
    const answer = create(SendMessageResponseSchema, { entry: { seq: request.text.length } });
    if (request.text === 'bytes') return toBinary(SendMessageResponseSchema, answer);
    return request.text === 'nonsense' ? { entry: { seq: 1 } } : answer;
  }

  /** By `epoch`: "fail" ends with an error, "flood" writes as fast as the reader lets it, else one event and silence. */
  @GrpcMethod('energy.chat.v1.ConversationService', 'Watch')
  watch(
    request: WatchRequest,
    _metadata: Metadata,
    call: ServerWritableStream<WatchRequest, Buffer>,
  ): Observable<never> {
    const { seen } = PlumbingController;
    return new Observable((subscriber) => {
      seen.open += 1;
      const event = encodeWatchResponse(
        create(WatchResponseSchema, { event: { case: 'caughtUp', value: { epoch: 'e'.repeat(1_000) } } }),
      );
      const flood = (): void => {
        do seen.writtenEvents += 1;
        while (call.write(event));
        call.once('drain', flood);
      };
      if (request.epoch === 'flood') flood();
      else call.write(event);
      if (request.epoch === 'fail') {
        subscriber.error(new ChatError('resource-exhausted', 'RESYNC', 'You read too slowly: watch again'));
      }
      return () => {
        seen.open -= 1;
        call.removeListener('drain', flood);
      };
    });
  }
}

@Module({ controllers: [PlumbingController] })
export class PlumbingModule {}

export interface GrpcTestServer {
  readonly address: string;
  readonly app: INestMicroservice;
  readonly grpcServer: GrpcServer;
  readonly metrics: Metrics;
  readonly seen: Seen;
  /** The log so far, one object a line. */
  readonly log: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** The server of production with the handlers above, on a free port. */
export async function startGrpcTestServer(reflection = false): Promise<GrpcTestServer> {
  const address = `127.0.0.1:${await freePort()}`;
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    { LOG_LEVEL: 'debug', REPLICA_NAME: 'test' },
    { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const metrics = new Metrics();
  const grpcServer = new GrpcServer({ GRPC_ADDRESS: address, GRPC_REFLECTION: reflection }, log, metrics);
  const app = await NestFactory.createMicroservice(PlumbingModule, { ...grpcServer.options, logger: false });
  app.useGlobalFilters(new ErrorFilter(log));
  app.useGlobalGuards(new ReadableRequestGuard());
  await app.listen();
  PlumbingController.seen = new Seen();
  const stop = async (): Promise<void> => {
    await grpcServer.stop(0);
    await app.close();
  };
  return { address, app, grpcServer, metrics, seen: PlumbingController.seen, log: lines, stop };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The error that a call ends with; fails when it does not. */
export async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  const refused = call.then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  );
  return present(await refused);
}

/** Reads a stream to its end. */
export async function drain(events: AsyncIterable<unknown>): Promise<void> {
  const reading = events[Symbol.asyncIterator]();
  while (!(await reading.next()).done) continue;
}

/** What a test cannot go on without. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('missing');
  return value;
}

export const silentLog = pino({ level: 'silent' });
