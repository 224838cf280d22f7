import type { DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import type { ConnectRouter, HandlerContext, Transport } from '@connectrpc/connect';
import { services } from '../grpc/contract.js';
import { requestIdHeader } from '../grpc/request-context.js';
import type { Audience } from '../identity/caller.js';

/** What a browser may say to the service beside the message; everything else stays at the edge. */
const passedOn = ['authorization', 'cookie', 'user-agent', requestIdHeader];

/** What the service may say to a browser beside the message. Cookies only work as real headers, never in trailers. */
const passedBack = [requestIdHeader];

/** Nobody waits longer for an answer that is not a stream, whatever deadline the browser set or forgot. */
const unaryLimitMs = 30_000;

/**
 * Serves every method of the contract by asking `upstream` the same: message, deadline, cancellation and the headers
 * above one way; message, errors with their details, cookies and request id the other. `x-chat-audience` is always this
 * edge's, whatever the browser sent.
 */
export function forwardAll(router: ConnectRouter, upstream: Transport, audience: Audience): void {
  for (const method of services.flatMap((service) => service.methods)) forward(router, method, upstream, audience);
}

function forward(router: ConnectRouter, method: DescMethod, upstream: Transport, audience: Audience): void {
  if (isUnary(method)) {
    router.rpc<DescMethodUnary>(method, async (request, context) => {
      const timeoutMs = Math.min(context.timeoutMs() ?? unaryLimitMs, unaryLimitMs);
      try {
        const headers = headersOf(context, audience);
        const answer = await upstream.unary(method, context.signal, timeoutMs, headers, request);
        giveHeaders(answer.header, context);
        return answer.message;
      } catch (error) {
        throw passedError(error, context);
      }
    });
  } else if (isServerStreaming(method)) {
    router.rpc<DescMethodServerStreaming>(method, async function* (request, context) {
      try {
        const headers = headersOf(context, audience);
        const answer = await upstream.stream(method, context.signal, context.timeoutMs(), headers, only(request));
        giveHeaders(answer.header, context);
        yield* answer.message;
      } catch (error) {
        throw passedError(error, context);
      }
    });
  } else throw new Error(`${method.name}: a browser cannot stream to a server`);
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === 'server_streaming';
}

function headersOf(context: HandlerContext, audience: Audience): Headers {
  const headers = new Headers({ 'x-chat-audience': audience });
  for (const name of passedOn) {
    const value = context.requestHeader.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

function giveHeaders(from: Headers, context: HandlerContext): void {
  for (const name of passedBack) {
    const value = from.get(name);
    if (value !== null) context.responseHeader.set(name, value);
  }
  for (const cookie of from.getSetCookie()) context.responseHeader.append('set-cookie', cookie);
}

function passedError(thrown: unknown, context: HandlerContext): ConnectError {
  const error = ConnectError.from(thrown);
  giveHeaders(error.metadata, context);
  // What the service did not say itself is about sockets and addresses: not a browser's business.
  if (!error.isWireError && error.code !== Code.Canceled && error.code !== Code.DeadlineExceeded) {
    return new ConnectError('The chat service cannot be reached at the moment; try again', Code.Unavailable);
  }
  const passed = new ConnectError(error.rawMessage, error.code);
  passed.details = error.details;
  return passed;
}

async function* only(request: Message): AsyncGenerator<Message> {
  yield request;
}
