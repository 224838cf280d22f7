import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { EntrySchema, type Entry } from '@energy-chat/contract/entry_pb.js';
import { describe, expect, it, vi } from 'vitest';
import type { SendOptions } from './chat.js';
import { ChatError } from './chat-error.js';
import { PendingSends } from './pending-sends.js';
import { settle } from './testing/time.js';

interface Call {
  readonly text: string;
  readonly options: SendOptions;
  readonly answer: () => void;
  readonly refuse: (error: Error) => void;
}

/** Calls that the test answers. */
function service(): { calls: Call[]; sends: PendingSends } {
  const calls: Call[] = [];
  const sends = new PendingSends(
    (text, options) =>
      new Promise<Entry>((resolve, reject) => {
        calls.push({ text, options, answer: () => resolve(create(EntrySchema)), refuse: reject });
        options.signal?.addEventListener('abort', () => reject(new ChatError(Code.Canceled, '', 'given up')));
      }),
    vi.fn(),
  );
  return { calls, sends };
}

const states = (sends: PendingSends): string[] => sends.list.map(({ text, state }) => `${text} ${state}`);

describe('PendingSends', () => {
  it('sends one after the other, in order', async () => {
    const { calls, sends } = service();
    sends.send('one', undefined, {});
    sends.send('two', undefined, {});
    await settle();
    expect(calls.map(({ text }) => text)).toEqual(['one']);
    calls[0]?.answer();
    await settle();
    expect(calls.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(states(sends)).toEqual(['one sent', 'two sending']);
  });

  it('keeps a refused message and goes on with the next', async () => {
    const { calls, sends } = service();
    const { requestId } = sends.send('one', undefined, {});
    sends.send('two', undefined, {});
    await settle();
    calls[0]?.refuse(new ChatError(Code.Aborted, 'CASE_TAKEN', 'Maria took it.'));
    await settle();
    expect(states(sends)).toEqual(['one failed', 'two sending']);
    expect(sends.list[0]?.error?.reason).toBe('CASE_TAKEN');
    sends.retry(requestId, { seenCase: { caseId: 'k', revision: 2 } });
    calls[1]?.answer();
    await settle();
    expect(states(sends)).toEqual(['two sent', 'one sending']);
    expect(calls[2]?.options).toMatchObject({ requestId, seenCase: { caseId: 'k', revision: 2 } });
  });

  it('forgets only a failed message when asked to', async () => {
    const { calls, sends } = service();
    const { requestId } = sends.send('one', undefined, {});
    sends.discard(requestId);
    expect(states(sends)).toEqual(['one sending']);
    await settle();
    calls[0]?.refuse(new ChatError(Code.InvalidArgument, 'MESSAGE_TOO_LONG', 'Too long.'));
    await settle();
    sends.discard(requestId);
    expect(sends.list).toEqual([]);
  });

  it('lets go of a message when the log shows it, before or after the answer', async () => {
    const { calls, sends } = service();
    const one = sends.send('one', undefined, {});
    const two = sends.send('two', undefined, {});
    await settle();
    sends.landed(one.requestId);
    calls[0]?.answer();
    await settle();
    calls[1]?.answer();
    await settle();
    expect(states(sends)).toEqual(['two sent']);
    sends.landed(two.requestId);
    expect(sends.list).toEqual([]);
  });

  it('says of what had no answer at the end that nobody knows', async () => {
    const { sends } = service();
    sends.send('one', undefined, {});
    await settle();
    sends.stop();
    await settle();
    expect(sends.list[0]).toMatchObject({ state: 'failed', error: { transient: true } });
  });
});
