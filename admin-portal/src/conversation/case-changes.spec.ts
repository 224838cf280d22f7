import { Code } from '@connectrpc/connect';
import { ChatError } from '@energy-chat/client';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from './case-changes.js';

describe('what the page says of a change that failed', () => {
  it.each(['CASE_TAKEN', 'CASE_ASSIGNED'])('names the winner of a race (%s)', (reason) => {
    const failure = new ChatError(Code.Aborted, reason, 'Taken.', { facts: { assignee_name: 'Ion Pop' } });
    expect(outcomeOf(failure)).toEqual({ kind: 'taken', by: 'Ion Pop' });
  });

  it('asks to read what the client has written meanwhile', () => {
    expect(outcomeOf(new ChatError(Code.FailedPrecondition, 'UNSEEN_MESSAGE', 'Read it.'))).toEqual({ kind: 'unseen' });
  });

  it('tells a service that is away from one that refuses', () => {
    expect(outcomeOf(new ChatError(Code.Unavailable, '', 'Away.'))).toEqual({ kind: 'unreachable' });
    expect(outcomeOf(new ChatError(Code.PermissionDenied, 'NOT_ASSIGNEE', 'It is not yours.'))).toEqual({
      kind: 'refused',
      text: 'It is not yours.',
    });
  });
});
