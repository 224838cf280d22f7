import type { ErrorReason } from '@energy-chat/contract/error_reason_pb.js';

/** What went wrong, in the words of the domain; grpc/ turns each into a gRPC status. */
export type ErrorKind =
  | 'invalid-argument'
  | 'unauthenticated'
  | 'permission-denied'
  | 'not-found'
  | 'failed-precondition'
  | 'aborted'
  | 'resource-exhausted'
  | 'unavailable';

/** The reasons of the contract, `proto/energy/chat/v1/error_reason.proto`. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/**
 * An expected failure. `reason` is stable and is what pages branch on; `message` is a text a person can act on; `facts` travel with it (for example the winner of a race); `retryAfterMs` says when the same request may
 * succeed. Anything else that is thrown is a defect and reaches the caller as INTERNAL with a request id only.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly facts: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly reason: Reason,
    message: string,
    more: { facts?: Record<string, string>; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.facts = more.facts ?? {};
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** A field of a request is not usable; `text` says what it may hold. */
export function invalidField(field: string, text: string): ChatError {
  return new ChatError('invalid-argument', 'INVALID_FIELD', `${field}: ${text}`, { facts: { field } });
}

/** True for refusals that the same request, sent again, may not meet. */
export function isPassing(error: unknown): boolean {
  return error instanceof ChatError && (error.kind === 'unavailable' || error.kind === 'aborted');
}
