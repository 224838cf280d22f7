import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Metadata } from '@grpc/grpc-js';
import type { Caller } from './caller.js';

const callers = new WeakMap<Metadata, Caller>();

/** Whom the guard let in with this call's metadata. A method that is open to anyone has no caller: asking is a defect. */
export function callerOf(metadata: Metadata): Caller {
  const caller = callers.get(metadata);
  if (caller === undefined) throw new Error('This call has no caller: its row in the access table says anyone.');
  return caller;
}

/** For the guard alone. */
export function rememberCaller(metadata: Metadata, caller: Caller): void {
  callers.set(metadata, caller);
}

/** A handler's parameter: the caller. Beside it the request needs `@Payload()` and the metadata `@Ctx()`. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  callerOf(context.getArgByIndex(1)),
);
