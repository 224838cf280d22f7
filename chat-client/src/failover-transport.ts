import { Code, type Transport } from '@connectrpc/connect';
import { ChatError } from './chat-error.js';

/**
 * One transport over several addresses of the service, for native clients without a balancer in front. Calls go to one
 * address until it cannot be reached, does not answer in time or says UNAVAILABLE; the calls after that go to the next, in a circle. Nothing is
 * tried twice here: whoever calls knows what is safe to repeat.
 */
export function failoverTransport(first: Transport, ...others: readonly Transport[]): Transport {
  const transports = [first, ...others];
  let inUse = 0;

  const current = (): Transport => transports[inUse] ?? first;
  const leave = (left: Transport, failure: unknown): void => {
    const error = ChatError.from(failure);
    const cancelledOrBusy = error.code === Code.Canceled || error.code === Code.ResourceExhausted;
    if (error.transient && !cancelledOrBusy && left === current()) inUse = (inUse + 1) % transports.length;
  };

  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const transport = current();
      try {
        return await transport.unary(method, signal, timeoutMs, header, input, contextValues);
      } catch (failure) {
        leave(transport, failure);
        throw failure;
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const transport = current();
      try {
        const response = await transport.stream(method, signal, timeoutMs, header, input, contextValues);
        return { ...response, message: watched(response.message, (failure) => leave(transport, failure)) };
      } catch (failure) {
        leave(transport, failure);
        throw failure;
      }
    },
  };
}

async function* watched<T>(messages: AsyncIterable<T>, failed: (failure: unknown) => void): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (failure) {
    failed(failure);
    throw failure;
  }
}
