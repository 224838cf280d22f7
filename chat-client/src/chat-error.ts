import { durationMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorInfoSchema, RetryInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';

/** Where the edge or the network answered instead of the service, an error has no reason; then these are worth a try. */
const WITHOUT_AN_ANSWER: ReadonlySet<Code> = new Set([Code.Unknown, Code.Internal, Code.Canceled, Code.Aborted]);

/**
 * A failed call. Pages branch on `reason` (stable, for example CASE_TAKEN; empty when the service itself did not
 * answer) and never on the text. `message` is for people. `facts` travel with the reason, for example the winner of a
 * race. `retryAfterMs`: not before that many milliseconds will the same request succeed.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly facts: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: Code,
    readonly reason: string,
    message: string,
    more: { facts?: Readonly<Record<string, string>>; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.facts = more.facts ?? {};
    this.retryAfterMs = more.retryAfterMs;
  }

  /**
   * The same request may succeed later: the service is away or busy, or nobody knows whether the request arrived. Its
   * effect may have happened, so try it again with the same request id.
   */
  get transient(): boolean {
    if (this.code === Code.Unavailable || this.code === Code.DeadlineExceeded) return true;
    if (this.code === Code.ResourceExhausted) return this.retryAfterMs !== undefined;
    return this.reason === '' && WITHOUT_AN_ANSWER.has(this.code);
  }

  /** Whatever a call threw; details as `google/rpc/error_details.proto` has them. */
  static from(failure: unknown): ChatError {
    if (failure instanceof ChatError) return failure;
    const error = ConnectError.from(failure);
    const info = error.findDetails(ErrorInfoSchema)[0];
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    return new ChatError(error.code, info?.reason ?? '', error.rawMessage, {
      facts: info?.metadata ?? {},
      retryAfterMs: delay === undefined ? undefined : durationMs(delay),
      cause: failure,
    });
  }
}

/** An answer that breaks the contract: a field that is always set was missing. */
export function brokenAnswer(field: string): ChatError {
  return new ChatError(Code.Internal, 'BROKEN_ANSWER', `The service answered without ${field}.`);
}
