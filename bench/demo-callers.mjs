import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Audience, SignInRequestSchema, SignInResponseSchema } from '@energy-chat/contract/auth_pb.js';
import { GetMyConversationResponseSchema } from '@energy-chat/contract/conversation_pb.js';
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

/** The demo platform's eight clients, signed in, each with its conversation. */
export async function signedInClients(client) {
  const callers = [];
  for (let number = 1; number <= 8; number += 1) {
    const request = create(SignInRequestSchema, {
      login: `client${number}`,
      password: 'energy-demo',
      audience: Audience.CLIENT,
    });
    const answer = await unary(client, '/energy.chat.v1.AuthService/SignIn', toBinary(SignInRequestSchema, request));
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${fromBinary(SignInResponseSchema, answer).accessToken}`);
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
