import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { UserListSchema } from '@energy-chat/contract/chat_pb.js';
import {
  SendMessageRequestSchema,
  SendMessageResponseSchema,
  WatchResponseSchema,
} from '@energy-chat/contract/conversation_pb.js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { present } from '../testing/grpc-test-server.js';
import { encodeWatchResponse, loadContract, services, unimplementedMethods } from './contract.js';

const conversations = loadContract()['energy.chat.v1.ConversationService'] as ServiceDefinition;
const sendMessage = present(conversations['SendMessage']);

describe('the contract', () => {
  it('holds every service of the proto folder', async () => {
    const folder = new URL('../../../proto/gen/energy/chat/v1/', import.meta.url);
    const names: string[] = [];
    for (const file of ['chat_pb.js', ...readdirSync(folder).filter((name) => name.endsWith('_pb.js'))]) {
      const exported = Object.values((await import(`@energy-chat/contract/${file}`)) as object);
      names.push(...exported.filter(isService).map((service) => service.typeName));
    }
    expect(names.length).toBeGreaterThan(0);
    expect(services.map((service) => service.typeName).sort()).toEqual(names.sort());
  });

  it('decodes requests to messages of the generated types', () => {
    const request = create(SendMessageRequestSchema, { conversationId: 'c', text: 'bună' });
    const decoded = sendMessage.requestDeserialize(Buffer.from(toBinary(SendMessageRequestSchema, request)));
    expect(decoded).toEqual(request);
  });

  it('encodes answers, and lets encoded ones pass unchanged', () => {
    const answer = create(SendMessageResponseSchema, { entry: { seq: 7 } });
    const bytes = sendMessage.responseSerialize(answer);
    expect(fromBinary(SendMessageResponseSchema, bytes)).toEqual(answer);
    expect(sendMessage.responseSerialize(bytes)).toBe(bytes);
  });

  it('refuses to encode what is not a message of the method', () => {
    expect(() => sendMessage.responseSerialize({ entry: { seq: 7 } })).toThrow('energy.chat.v1.SendMessageResponse');
    expect(() => sendMessage.responseSerialize(create(SendMessageRequestSchema))).toThrow('SendMessageResponse');
  });

  it('keeps the first chat without a package beside the others', () => {
    const { receiveMsg, getAllUsers } = loadContract()['ChatService'] as ServiceDefinition;
    expect(present(receiveMsg)).toMatchObject({ path: '/ChatService/receiveMsg', responseStream: true });
    const users = create(UserListSchema, { users: [{ id: '4', name: 'client1' }] });
    expect(fromBinary(UserListSchema, present(getAllUsers).responseSerialize(users))).toEqual(users);
  });

  it('encodes a watch event as the wire has it', () => {
    const event = create(WatchResponseSchema, { event: { case: 'caughtUp', value: { epoch: 'one' } } });
    expect(fromBinary(WatchResponseSchema, encodeWatchResponse(event))).toEqual(event);
  });

  it('describes itself for reflection in files that stand on their own', () => {
    const some = Object.values(loadContract()).find((definition) => 'fileDescriptorProtos' in definition);
    const protos = (some as { fileDescriptorProtos: Buffer[] }).fileDescriptorProtos;
    const file = protos.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
    expect(registry.getMessage('google.rpc.ErrorInfo')).toBeDefined();
    for (const service of services) {
      expect(registry.getService(service.typeName)?.methods.map((m) => m.name)).toEqual(
        service.methods.map((m) => m.name),
      );
    }
  });

  it('names the methods without a handler', () => {
    const handlers = new Map<string, unknown>();
    const all = services.flatMap((service) => service.methods);
    expect(unimplementedMethods(handlers)).toHaveLength(all.length);
    for (const method of all) {
      handlers.set(JSON.stringify({ service: method.parent.typeName, rpc: method.name, streaming: 'no_stream' }), true);
    }
    expect(unimplementedMethods(handlers)).toEqual([]);
    handlers.delete([...handlers.keys()][0] ?? '');
    expect(unimplementedMethods(handlers)).toEqual(['energy.chat.v1.AuthService/SignIn']);
  });
});

function isService(exported: unknown): exported is DescService {
  return typeof exported === 'object' && exported !== null && 'kind' in exported && exported.kind === 'service';
}
