import type { Metadata } from '@grpc/grpc-js';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** What the log says about the call being answered. */
export interface RequestContext {
  /** The caller's `x-request-id` if it is 1 to 64 printable ASCII characters, else a random one. */
  readonly id: string;
  /** Set by the guard once the caller is known. */
  personId?: string;
  /** The same, when a program calls: its account's name. */
  account?: string;
  /** The reason of the error that it was refused with. */
  reason?: string;
}

export const requestIdHeader = 'x-request-id';

const running = new AsyncLocalStorage<RequestContext>();
const byMetadata = new WeakMap<Metadata, RequestContext>();

/** Of the call whose handler, or whatever it awaits, runs now. Work for many calls at once (a lane) has none of its own. */
export function requestContext(): RequestContext | undefined {
  return running.getStore();
}

/** Of the call that came with this metadata, also outside its handler: a stream may be ended by a timer. */
export function requestContextOf(metadata: unknown): RequestContext | undefined {
  return typeof metadata === 'object' && metadata !== null ? byMetadata.get(metadata as Metadata) : undefined;
}

export function beginRequest(metadata: Metadata): RequestContext {
  const given = metadata.get(requestIdHeader)[0];
  const context: RequestContext = {
    id: typeof given === 'string' && /^[!-~]{1,64}$/.test(given) ? given : randomUUID(),
  };
  byMetadata.set(metadata, context);
  return context;
}

export function runRequest(context: RequestContext, handle: () => void): void {
  running.run(context, handle);
}
