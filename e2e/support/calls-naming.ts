import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { ConversationService } from '@energy-chat/contract/conversation_pb.js';
import { InboxService } from '@energy-chat/contract/inbox_pb.js';

/** One method of the contract, called about one conversation. */
export interface NamingCall {
  readonly name: string;
  readonly call: (transport: Transport, accessToken: string) => Promise<unknown>;
}

/** Every method of the contract whose request can name a conversation, so that a new one is among them by itself. */
export function callsNaming(conversationId: string): NamingCall[] {
  return [...ConversationService.methods, ...InboxService.methods].flatMap((method) => {
    const init = requestNaming(method.input, conversationId);
    if (init === undefined) return [];
    const call = async (transport: Transport, accessToken: string): Promise<void> => {
      const headers = { authorization: `Bearer ${accessToken}` };
      if (method.methodKind === 'unary') {
        await transport.unary({ ...method, methodKind: 'unary' }, undefined, 5_000, headers, init);
        return;
      }
      const stream = { ...method, methodKind: 'server_streaming' } as const;
      const request = only(create(method.input, init));
      const { message } = await transport.stream(stream, undefined, 5_000, headers, request);
      // The first event would be a leak already.
      for await (const _ of message) return;
    };
    return [{ name: method.name, call }];
  });
}

function requestNaming(input: DescMessage, conversationId: string): MessageInitShape<DescMessage> | undefined {
  const { conversationId: single, cursors } = input.field;
  const named =
    single !== undefined
      ? { conversationId }
      : cursors !== undefined
        ? { cursors: [{ conversationId, afterSeq: 0 }] }
        : undefined;
  if (named === undefined) return undefined;
  // Everything else as a real request has it, so that nothing but the relation can be refused.
  const more = { requestId: 'not-yours', text: 'not yours', typing: true, deliveredSeq: 1, readSeq: 1 };
  return { ...Object.fromEntries(Object.entries(more).filter(([name]) => input.field[name] !== undefined)), ...named };
}

async function* only<T>(message: T): AsyncIterable<T> {
  yield message;
}
