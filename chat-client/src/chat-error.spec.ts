import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { ChatError } from './chat-error.js';
import { refusal } from './testing/memory-service.js';

describe('ChatError', () => {
  it('carries the reason, the facts and the wait of a refusal', () => {
    const error = ChatError.from(
      refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Maria' }, retryMs: 1_500 }),
    );
    expect(error).toMatchObject({
      code: Code.Aborted,
      reason: 'CASE_TAKEN',
      facts: { assignee_name: 'Maria' },
      retryAfterMs: 1_500,
      message: 'Refused: CASE_TAKEN.',
      transient: false,
    });
  });

  it('stays the same when it is read twice', () => {
    const error = ChatError.from(refusal(Code.Aborted, 'CASE_TAKEN'));
    expect(ChatError.from(error)).toBe(error);
  });

  it.each([
    ['the service is away', new ConnectError('', Code.Unavailable)],
    ['the service is busy and says so', refusal(Code.Unavailable, 'OVERLOADED', { retryMs: 1_000 })],
    ['the deadline passed', new ConnectError('', Code.DeadlineExceeded)],
    ['fetch failed', new TypeError('Failed to fetch')],
    ['the connection was reset', new ConnectError('', Code.Aborted)],
    ['a proxy cancelled the stream', new ConnectError('', Code.Canceled)],
    ['the answer broke off', new ConnectError('missing trailer', Code.Internal)],
    ['a limit says when it is over', refusal(Code.ResourceExhausted, 'THROTTLED', { retryMs: 1_000 })],
  ])('is transient when %s', (_, failure) => {
    expect(ChatError.from(failure).transient).toBe(true);
  });

  it.each([
    ['somebody was quicker', refusal(Code.Aborted, 'CASE_TAKEN')],
    ['the service has a defect', refusal(Code.Internal, 'INTERNAL')],
    ['a limit is for good', new ConnectError('message too large', Code.ResourceExhausted)],
    ['the request is wrong', refusal(Code.InvalidArgument, 'MESSAGE_TOO_LONG')],
  ])('is not transient when %s', (_, failure) => {
    expect(ChatError.from(failure).transient).toBe(false);
  });
});
