import { type ClientReadableStream, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const loaded = loadSync(fileURLToPath(new URL('./chat.proto', import.meta.url)));

interface FirstMessage {
  readonly from: string;
  readonly msg: string;
  readonly time: string;
}

/** A program with the first chat's contract, by native gRPC. New is the token in its metadata. */
export class NativeFirstChat {
  /** What came, by stream. */
  readonly streams: FirstMessage[][] = [];
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private readonly open: ClientReadableStream<FirstMessage>[] = [];

  constructor(address: string, token?: string) {
    this.client = new Client(address, credentials.createInsecure());
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
  }

  join(name: string): Promise<object> {
    return this.call('join', { name });
  }

  send(from: string, msg: string): Promise<object> {
    return this.call('sendMsg', { from, msg, time: 'noon' });
  }

  users(): Promise<object> {
    return this.call('getAllUsers', {});
  }

  /** Ends when the stream is live. */
  async receive(): Promise<void> {
    const messages: FirstMessage[] = [];
    this.streams.push(messages);
    const { path, requestSerialize, responseDeserialize } = methodOf(loaded, 'receiveMsg');
    const decode = (bytes: Buffer): FirstMessage => {
      const { from, msg, time } = Object.fromEntries(Object.entries(responseDeserialize(bytes)));
      return { from: String(from), msg: String(msg), time: String(time) };
    };
    const stream = this.client.makeServerStreamRequest(path, requestSerialize, decode, {}, this.metadata);
    this.open.push(stream);
    stream.on('data', (message: FirstMessage) => messages.push(message));
    stream.on('error', () => undefined);
    await once(stream, 'metadata');
  }

  close(): void {
    for (const stream of this.open) stream.cancel();
    this.client.close();
  }

  private call(name: string, request: object): Promise<object> {
    const { path, requestSerialize, responseDeserialize } = methodOf(loaded, name);
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: object): void => {
        if (error === null) resolve(answer ?? {});
        else reject(error);
      };
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, this.metadata, answered);
    });
  }
}

function methodOf(definition: PackageDefinition, name: string): MethodDefinition<object, object> {
  const service = definition['ChatService'];
  const method = service !== undefined && !('format' in service) ? service[name] : undefined;
  if (method === undefined) throw new Error(`The first chat has no method ${name}.`);
  return method;
}
