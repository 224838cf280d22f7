import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { Code, ConnectError, createContextValues, type Transport } from '@connectrpc/connect';
import {
  compressedFlag,
  createEnvelopeReadableStream,
  createMethodUrl,
  encodeEnvelope,
  runStreamingCall,
  runUnaryCall,
} from '@connectrpc/connect/protocol';
import { codeFromHttpStatus } from '@connectrpc/connect/protocol-grpc';
import { requestHeader, trailerFlag, trailerParse } from '@connectrpc/connect/protocol-grpc-web';
import { StatusSchema } from '@energy-chat/contract/google/rpc/status_pb.js';

type HeaderInit = ConstructorParameters<typeof Headers>[0];

/** Where a fetched answer's body begins. */
interface Call<I extends DescMessage> {
  readonly url: string;
  readonly header: Headers;
  readonly signal: AbortSignal;
  readonly method: { readonly input: I };
}

/**
 * gRPC-Web by fetch, in binary, as createGrpcWebTransport of connect-web speaks it: that one brings JSON and descriptors
 * of its own along, a sixth of the script that a page has to load. Unary calls and streams of answers.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function pageTransport(baseUrl: string): Transport {
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeaderInit,
      message: MessageInitShape<I>,
      contextValues = createContextValues(),
    ) {
      return runUnaryCall<I, O>({
        ...limits(signal, timeoutMs),
        req: { ...request(baseUrl, method, timeoutMs, header), stream: false, contextValues, message },
        next: async (req) => {
          const response = await post(req, req.message);
          const trailer = new Headers();
          const answers: MessageShape<O>[] = [];
          for await (const answer of answersIn(response, method.output, trailer)) answers.push(answer);
          const [answer] = answers;
          if (answer === undefined || answers.length > 1) {
            throw new ConnectError(`${answers.length} messages in place of one`, Code.Unimplemented);
          }
          return { stream: false, service: method.parent, method, header: response.headers, message: answer, trailer };
        },
      });
    },
    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeaderInit,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues = createContextValues(),
    ) {
      return runStreamingCall<I, O>({
        ...limits(signal, timeoutMs),
        req: { ...request(baseUrl, method, timeoutMs, header), stream: true, contextValues, message: input },
        next: async (req) => {
          const first = await req.message[Symbol.asyncIterator]().next();
          if (first.done === true) throw new ConnectError('nothing to ask', Code.Internal);
          const response = await post(req, first.value);
          const trailer = new Headers();
          return { ...req, header: response.headers, trailer, message: answersIn(response, method.output, trailer) };
        },
      });
    },
  };
}

function limits(signal: AbortSignal | undefined, timeoutMs: number | undefined) {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined || timeoutMs <= 0 ? {} : { timeoutMs }),
  };
}

function request<M extends DescMethodUnary | DescMethodStreaming>(
  baseUrl: string,
  method: M,
  timeoutMs: number | undefined,
  header: HeaderInit,
) {
  return {
    service: method.parent,
    method,
    requestMethod: 'POST',
    url: createMethodUrl(baseUrl, method),
    header: requestHeader(true, timeoutMs === undefined || timeoutMs <= 0 ? undefined : timeoutMs, header, false),
  };
}

async function post<I extends DescMessage>({ url, header, signal, method }: Call<I>, message: MessageShape<I>) {
  const body = encodeEnvelope(0, toBinary(method.input, message));
  return fetch(url, { method: 'POST', headers: header, redirect: 'error', signal, body });
}

/** The answers as they arrive; throws what the service, or who answered in its place, says instead. Fills the trailer. */
async function* answersIn<O extends DescMessage>(
  response: Response,
  output: O,
  trailer: Headers,
): AsyncGenerator<MessageShape<O>> {
  const { headers, status } = response;
  if (!response.ok) throw new ConnectError(messageIn(headers) ?? `HTTP ${status}`, codeFromHttpStatus(status), headers);
  throwErrorIn(headers);
  if (response.body === null) throw new ConnectError('no body', Code.Unknown);
  const reader = createEnvelopeReadableStream(response.body).getReader();
  let isOver = headers.has('grpc-status');
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const { flags, data } = part.value;
    if (isOver) throw new ConnectError('more after the end', Code.Unknown);
    if ((flags & compressedFlag) !== 0) throw new ConnectError('a compressed answer', Code.Internal);
    if ((flags & trailerFlag) === 0) {
      yield fromBinary(output, data);
      continue;
    }
    isOver = true;
    trailerParse(data).forEach((value, key) => trailer.set(key, value));
    throwErrorIn(trailer);
  }
  // An answer that was cut has no end.
  if (!isOver) throw new ConnectError('missing trailer', Code.Unknown);
}

function messageIn(headers: Headers): string | undefined {
  const text = headers.get('grpc-message');
  return text === null ? undefined : decodeURIComponent(text);
}

function throwErrorIn(headers: Headers): void {
  const code = headers.get('grpc-status');
  if (code === null || code === '0') return;
  const details = headers.get('grpc-status-details-bin');
  const status = details === null ? create(StatusSchema) : fromBinary(StatusSchema, bytesOf(details));
  const number = Number(code);
  const error = new ConnectError(
    status.message || (messageIn(headers) ?? ''),
    isCode(number) ? number : Code.Internal,
    headers,
  );
  error.details = status.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    value,
  }));
  throw error;
}

function isCode(number: number): number is Code {
  return number in Code;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
