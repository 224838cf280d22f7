import { create, fromBinary, isMessage, toBinary } from '@bufbuild/protobuf';
import type { DescFile, DescMessage, DescMethod, DescService, Message } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { AuthService } from '@energy-chat/contract/auth_pb.js';
import { ChatService } from '@energy-chat/contract/chat_pb.js';
import { ConversationService, WatchResponseSchema } from '@energy-chat/contract/conversation_pb.js';
import type { WatchResponse } from '@energy-chat/contract/conversation_pb.js';
import { file_google_rpc_error_details } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { file_google_rpc_status } from '@energy-chat/contract/google/rpc/status_pb.js';
import { InboxService } from '@energy-chat/contract/inbox_pb.js';
import { SystemMessageService } from '@energy-chat/contract/system_message_pb.js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import type { AnyDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';

/** Every service of `proto/`. A new one is added here; a test compares this list with the folder. */
export const services: readonly DescService[] = [
  AuthService,
  ConversationService,
  InboxService,
  SystemMessageService,
  ChatService,
];

/**
 * The contract as grpc-js and Nest want it, made from what buf generates, so that server, SDK and edge read one thing:
 * no .proto file is looked for at run time. Handlers get protobuf-es messages and answer with them; bytes that a
 * handler answers or writes are taken for an encoded message and sent as they are, so that an event is encoded once
 * and sent to many. Each call of this function answers a definition of its own.
 */
export function loadContract(): PackageDefinition {
  // The details of errors too: tools that use reflection show them in words then.
  const roots = [...services.map((service) => service.file), file_google_rpc_status, file_google_rpc_error_details];
  const files = withImports(roots).map((file) => file.proto);
  const definition = loadFileDescriptorSetFromBuffer(
    asBuffer(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files }))),
  );
  for (const service of services) {
    const loaded = definition[service.typeName];
    for (const method of service.methods) {
      const rpc = loaded && isService(loaded) ? loaded[method.name] : undefined;
      if (!rpc) throw new Error(`${nameOf(method)} was lost while loading the contract`);
      rpc.requestSerialize = encoderOf(method.input);
      rpc.requestDeserialize = (bytes) => readRequest(method.input, bytes);
      rpc.responseSerialize = encoderOf(method.output);
      rpc.responseDeserialize = (bytes) => fromBinary(method.output, bytes);
    }
  }
  // For reflection: the loader's own are rewritten and have lost their imports.
  const originals = files.map((file) => asBuffer(toBinary(FileDescriptorProtoSchema, file)));
  for (const loaded of Object.values(definition)) if (!isService(loaded)) loaded.fileDescriptorProtos = originals;
  return definition;
}

/** A Watch event in the bytes that go over the wire: encode once, then `call.write(bytes)` to every watcher. */
export function encodeWatchResponse(event: WatchResponse): Buffer {
  return asBuffer(toBinary(WatchResponseSchema, event));
}

/** How Nest names the handler of `@GrpcMethod('energy.chat.v1.AuthService', 'SignIn')`. */
function patternOf(method: DescMethod): string {
  return JSON.stringify({ service: method.parent.typeName, rpc: method.name, streaming: 'no_stream' });
}

/**
 * The methods that no controller serves, as `energy.chat.v1.AuthService/SignIn`. `handlers` is what
 * `app.getTransportServer().getHandlers()` answers once the microservice listens.
 */
export function unimplementedMethods(handlers: ReadonlyMap<string, unknown>): string[] {
  return services
    .flatMap((service) => service.methods)
    .filter((method) => !handlers.has(patternOf(method)))
    .map(nameOf);
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !('format' in definition);
}

/** Imported files first. */
function withImports(roots: readonly DescFile[]): DescFile[] {
  const found = new Set<DescFile>();
  const add = (file: DescFile): void => {
    file.dependencies.forEach(add);
    found.add(file);
  };
  roots.forEach(add);
  return [...found];
}

/** Bytes that are no request of their method: a guard refuses them in words. */
export class UnreadableRequest {}

function readRequest(schema: DescMessage, bytes: Uint8Array): Message | UnreadableRequest {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return new UnreadableRequest();
  }
}

function encoderOf(schema: DescMessage): (value: unknown) => Buffer {
  return (value) => {
    if (value instanceof Uint8Array) return asBuffer(value);
    if (!isMessage(value, schema)) throw new TypeError(`this method answers a ${schema.typeName} made by create()`);
    return asBuffer(toBinary(schema, value));
  };
}

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
