import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { AuthService } from '@energy-chat/contract/auth_pb.js';
import { describe, expect, it } from 'vitest';
import { failoverTransport } from './failover-transport.js';
import { MemoryService, refusal } from './testing/memory-service.js';

const request = { login: 'ana', password: 'right' };

describe('failoverTransport', () => {
  it('stays with one address while it answers, refusals too', async () => {
    const [first, second] = [new MemoryService(), new MemoryService()];
    const auth = createClient(AuthService, failoverTransport(first.transport(), second.transport()));
    first.fail('SignIn', refusal(Code.Unauthenticated, 'WRONG_CREDENTIALS'));
    await expect(auth.signIn(request)).rejects.toThrow();
    await auth.signIn(request);
    expect([first.calls.length, second.calls.length]).toEqual([2, 0]);
  });

  it('goes to the next address after one that is away, in a circle, and repeats nothing itself', async () => {
    const [first, second] = [new MemoryService(), new MemoryService()];
    const auth = createClient(AuthService, failoverTransport(first.transport(), second.transport()));
    first.fail('SignIn', new ConnectError('refused', Code.Unavailable));
    second.fail('SignIn', new ConnectError('reset', Code.Aborted));
    await expect(auth.signIn(request)).rejects.toThrow('refused');
    await expect(auth.signIn(request)).rejects.toThrow('reset');
    await auth.signIn(request);
    expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
  });

  it('changes the address once for calls that fail together', async () => {
    const [first, second] = [new MemoryService(), new MemoryService()];
    const auth = createClient(AuthService, failoverTransport(first.transport(), second.transport()));
    first.fail('SignIn', new ConnectError('refused', Code.Unavailable), 2);
    await Promise.allSettled([auth.signIn(request), auth.signIn(request)]);
    await auth.signIn(request);
    expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
  });
});
