import { WatchRequestSchema } from '@energy-chat/contract/conversation_pb.js';
import { test } from '@playwright/test';
import { request } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { eventually } from '../chat-service/src/testing/eventually.js';
import { TcpProxy } from '../chat-service/src/testing/tcp-proxy.js';
import { losePackets, whyNoPacketLoss } from '../scripts/services/packet-loss.mjs';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { envoyEdge } from './support/edge.js';
import { frameOf } from './support/grpc-web-frames.js';
import { client, Person } from './support/person.js';
import { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';
import { nativeWay } from './support/way.js';

const WATCH = '/energy.chat.v1.ConversationService/Watch';
const NOTICED_WITHIN = 60_000;

/** Answers the port that the page's end of the connection has. */
type Open = (address: string, authorization: string, frame: Buffer, undo: Undo) => Promise<number>;

const overGrpc: Open = async (address, authorization, frame, undo) => {
  const session: ClientHttp2Session = connect(`http://${address}`);
  undo.later(async () => session.destroy());
  session.on('error', () => undefined);
  const headers = { 'content-type': 'application/grpc', te: 'trailers', authorization };
  const call = session.request({ ':method': 'POST', ':path': WATCH, ...headers });
  call.on('error', () => undefined);
  call.end(frame);
  await new Promise((heard) => call.once('data', heard));
  return session.socket.localPort ?? 0;
};

const overGrpcWeb: Open = async (address, authorization, frame, undo) => {
  const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', authorization };
  const call = request(`http://${address}${WATCH}`, { method: 'POST', headers, agent: false });
  undo.later(async () => void call.destroy());
  call.on('error', () => undefined);
  call.end(frame);
  await new Promise<void>((heard, fail) => {
    call.once('error', fail);
    call.once('response', (answer) => answer.once('data', () => heard()));
  });
  return call.socket?.localPort ?? 0;
};

/** Why it cannot be tried by dropping packets, which alone shows what a cut cable does: else the system answers for both. */
const noPacketLoss = await whyNoPacketLoss();

test.describe('a watch whose other end is silently gone is noticed within 60 s', () => {
  const undo = new Undo();
  test.afterAll(() => undo.all());
  let replica: Replica;
  let open: (way: Open, address: string) => Promise<number>;
  const watchers = (): Promise<number> => replica.figure('chat_watchers');
  const expectNoticed = (): Promise<true> =>
    eventually('nobody is taken for a watcher', async () => (await watchers()) === 0, NOTICED_WITHIN);

  test.beforeAll(async () => {
    const folder = ownFolder('cut-cable');
    undo.later(async () => folder.release());
    // As in production: what is sent in between is noticed sooner.
    replica = await Replica.make('one', folder.path, { DATA_DIRECTORY: folder.path, HEARTBEAT_SECONDS: '25' });
    undo.later(() => replica.kill());
    await replica.start();
    const person = await Person.signIn(client(1), [nativeWay(replica)]);
    undo.later(async () => person.close());
    const { conversation } = await person.chat.getMyConversation();
    const { token } = await person.session.grant();
    const frame = frameOf(WatchRequestSchema, { cursors: [{ conversationId: conversation.id, afterSeq: 0 }] });
    open = (way, address) => way(address, `Bearer ${token}`, frame, undo);
  });

  if (noPacketLoss === undefined) {
    test('a cut cable: of a native client, and of both kinds of clients through Envoy', async () => {
      const envoy = await envoyEdge([replica.address]);
      undo.later(() => envoy.close());
      const ports = [
        await open(overGrpc, replica.address),
        await open(overGrpc, envoy.openEdge),
        await open(overGrpcWeb, envoy.openEdge),
      ];
      await soon(watchers).toBe(3);
      for (const port of ports) {
        const mend = losePackets(port, 1);
        undo.later(async () => mend());
      }
      await expectNoticed();
    });
  } else {
    test(`a native client that says nothing more (no packets are dropped: ${noPacketLoss})`, async () => {
      const proxy = await TcpProxy.before(`http://${replica.address}`);
      undo.later(() => proxy.refuse());
      await open(overGrpc, `127.0.0.1:${proxy.port}`);
      await soon(watchers).toBe(1);
      proxy.pause();
      await expectNoticed();
    });
  }
});
