import { Code, ConnectError, type CallOptions } from '@connectrpc/connect';
import { Backoff } from './backoff.js';
import { ChatError } from './chat-error.js';
import { delay, waitFor } from './delay.js';

export interface CallLimits {
  /** Ends the call, also between two tries. Whether it had its effect is then unknown. */
  readonly signal?: AbortSignal | undefined;
  /** For all tries together, in milliseconds; 30 s unless given. Infinity: until the signal. */
  readonly deadlineMs?: number | undefined;
  /** For one try, in milliseconds; 10 s unless given. */
  readonly tryTimeoutMs?: number | undefined;
}

/**
 * Tries until the service answers: a refusal is an answer and is thrown at once, a transient failure is tried again
 * after a jittered wait that honours RetryInfo. Only for what is safe to repeat. Throws ChatError; after the deadline
 * the one of the last try, which is then `transient`.
 */
export async function retry<T>(attempt: (options: CallOptions) => Promise<T>, limits: CallLimits = {}): Promise<T> {
  const { signal, deadlineMs = 30_000, tryTimeoutMs = 10_000 } = limits;
  const endsAt = performance.now() + deadlineMs;
  const backoff = new Backoff(200, 5_000);
  for (;;) {
    try {
      return await oneTry(attempt, tryMs(Math.min(tryTimeoutMs, endsAt - performance.now())), signal);
    } catch (failure) {
      const error = ChatError.from(failure);
      if (signal?.aborted || !error.transient) throw error;
      const pauseMs = backoff.next(error.retryAfterMs);
      if (performance.now() + pauseMs >= endsAt) throw error;
      await delay(pauseMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Whole milliseconds, as the header grpc-timeout has them. */
function tryMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}

/** One try within its time, also while it waits for a fresh access token. */
async function oneTry<T>(
  attempt: (options: CallOptions) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const control = new AbortController();
  const cancel = (): void => control.abort(new ConnectError('The call was given up.', Code.Canceled));
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel);
  const timer = setTimeout(() => {
    control.abort(new ConnectError('The service did not answer in time.', Code.DeadlineExceeded));
  }, timeoutMs);
  try {
    return await waitFor(attempt({ signal: control.signal, timeoutMs }), control.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}
