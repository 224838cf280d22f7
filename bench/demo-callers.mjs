import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Audience, SignInRequestSchema, SignInResponseSchema } from '@energy-chat/contract/auth_pb.js';
import {
  GetMyConversationResponseSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from '@energy-chat/contract/conversation_pb.js';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const bytes = (value) => Buffer.from(value);

/** A connection of its own, so that the load is not tied to one. */
export function connect(address) {
  return new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
}

/** One unary call in bytes. */
export function unary(client, path, request, metadata = new Metadata()) {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, bytes, bytes, request, metadata, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/** What somebody of the demo platform sends along once they are signed in. */
export async function signIn(client, login, audience) {
  const request = create(SignInRequestSchema, { login, password: 'energy-demo', audience });
  const answer = await unary(client, '/energy.chat.v1.AuthService/SignIn', toBinary(SignInRequestSchema, request));
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${fromBinary(SignInResponseSchema, answer).accessToken}`);
  return metadata;
}

/** The demo platform's eight clients, signed in, each with its conversation. */
export async function signedInClients(client) {
  const callers = [];
  for (let number = 1; number <= 8; number += 1) {
    const metadata = await signIn(client, `client${number}`, Audience.CLIENT);
    const mine = await unary(
      client,
      '/energy.chat.v1.ConversationService/GetMyConversation',
      Buffer.alloc(0),
      metadata,
    );
    const conversationId = fromBinary(GetMyConversationResponseSchema, mine).conversation?.id ?? '';
    callers.push({ metadata, conversationId });
  }
  return callers;
}

/** The first byte of a WatchResponse that holds an entry: field 1, length-delimited. */
const ENTRY = 0x0a;

/** Opens a Watch from `afterSeq` on and waits until it has caught up; then it only counts entries, so that reading costs little. */
export function openWatch(client, { conversationId, metadata }, afterSeq = 0) {
  const request = create(WatchRequestSchema, { cursors: [{ conversationId, afterSeq }] });
  const call = client.makeServerStreamRequest(
    '/energy.chat.v1.ConversationService/Watch',
    bytes,
    bytes,
    toBinary(WatchRequestSchema, request),
    metadata,
  );
  const watch = { call, entries: 0, isCaughtUp: false };
  return new Promise((resolve, reject) => {
    call.on('data', (message) => {
      if (message[0] === ENTRY) watch.entries += 1;
      if (watch.isCaughtUp || fromBinary(WatchResponseSchema, message).event.case !== 'caughtUp') return;
      watch.isCaughtUp = true;
      watch.entries = 0;
      resolve(watch);
    });
    call.on('error', reject);
  });
}
