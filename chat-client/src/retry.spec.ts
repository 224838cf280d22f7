import { Code, ConnectError, type CallOptions } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retry } from './retry.js';
import { refusal } from './testing/memory-service.js';
import { pass, settle, useFakeTime } from './testing/time.js';

const away = new ConnectError('away', Code.Unavailable);

/** Fails with each of the errors in turn, then answers. */
function attempts(...failures: Error[]): { attempt: (options: CallOptions) => Promise<string>; times: number[] } {
  const times: number[] = [];
  return {
    times,
    attempt: async () => {
      times.push(performance.now());
      const failure = failures[times.length - 1];
      if (failure !== undefined) throw failure;
      return 'answer';
    },
  };
}

describe('retry', () => {
  beforeEach(useFakeTime);
  afterEach(() => void vi.useRealTimers());

  it('tries transient failures again until there is an answer', async () => {
    const { attempt, times } = attempts(away, new TypeError('Failed to fetch'), away);
    const result = retry(attempt);
    await pass(5_000);
    await expect(result).resolves.toBe('answer');
    expect(times).toHaveLength(4);
  });

  it('throws a refusal at once', async () => {
    const { attempt, times } = attempts(refusal(Code.Aborted, 'CASE_TAKEN'));
    await expect(retry(attempt)).rejects.toMatchObject({ reason: 'CASE_TAKEN' });
    expect(times).toHaveLength(1);
  });

  it('waits as long as the service asks', async () => {
    const { attempt, times } = attempts(refusal(Code.Unavailable, 'OVERLOADED', { retryMs: 2_000 }));
    const result = retry(attempt);
    await pass(1_950);
    expect(times).toHaveLength(1);
    await pass(300);
    await expect(result).resolves.toBe('answer');
  });

  it('fails at once when the service asks for more than the deadline leaves', async () => {
    const { attempt, times } = attempts(refusal(Code.ResourceExhausted, 'THROTTLED', { retryMs: 60_000 }));
    await expect(retry(attempt)).rejects.toMatchObject({ reason: 'THROTTLED', retryAfterMs: 60_000 });
    expect(times).toHaveLength(1);
  });

  it('ends at the deadline with the last, transient error', async () => {
    const { attempt } = attempts(...Array.from({ length: 1_000 }, () => away));
    const result = retry(attempt, { deadlineMs: 3_000 });
    const outcome = expect(result).rejects.toMatchObject({ code: Code.Unavailable, transient: true });
    await pass(3_000);
    await outcome;
  });

  it('gives a try that hangs its own deadline and tries again', async () => {
    let tries = 0;
    const result = retry(
      () => {
        tries += 1;
        return tries === 1 ? new Promise<string>(() => undefined) : Promise.resolve('answer');
      },
      { tryTimeoutMs: 1_000 },
    );
    await pass(1_250);
    await expect(result).resolves.toBe('answer');
    expect(tries).toBe(2);
  });

  it('tells the transport how long a try may take, and never more than what is left', async () => {
    const seen: (number | undefined)[] = [];
    const result = retry(
      async ({ timeoutMs }) => {
        seen.push(timeoutMs);
        if (seen.length === 1) throw refusal(Code.Unavailable, 'OVERLOADED', { retryMs: 500 });
        return 'answer';
      },
      { deadlineMs: 1_000, tryTimeoutMs: 900 },
    );
    await pass(1_000);
    await result;
    expect(seen[0]).toBe(900);
    expect(seen[1]).toBeLessThanOrEqual(500);
  });

  it.each(['during a try', 'between two tries'])('ends when its signal is aborted %s', async (when) => {
    const control = new AbortController();
    let tries = 0;
    const result = retry(
      () => {
        tries += 1;
        if (when === 'during a try') return new Promise(() => undefined);
        return Promise.reject(refusal(Code.Unavailable, 'OVERLOADED', { retryMs: 5_000 }));
      },
      { signal: control.signal, deadlineMs: Number.POSITIVE_INFINITY },
    );
    const outcome = expect(result).rejects.toMatchObject({ transient: true });
    await settle();
    control.abort();
    await outcome;
    await pass(10_000);
    expect(tries).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
