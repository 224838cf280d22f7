import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { MemoryService } from './testing/memory-service.js';
import { signedIn } from './testing/signed-in.js';

describe('authorizedTransport', () => {
  it('sends the access token along', async () => {
    const service = new MemoryService();
    const { chat } = await signedIn(service);
    await chat.getMyConversation();
    expect(service.callsOf('GetMyConversation')).toEqual([
      { method: 'GetMyConversation', requestId: '', token: '0.1' },
    ]);
  });

  it('refreshes an expired token and tries the call once more, with the same request', async () => {
    const service = new MemoryService();
    const { chat } = await signedIn(service);
    service.sessions.forEach((session) => (session.expired = 1));
    const entry = await chat.sendMessage('c1', 'Hello', { requestId: 'r1' });
    expect(entry.seq).toBe(1);
    expect(service.callsOf('SendMessage').map(({ token, requestId }) => [token, requestId])).toEqual([
      ['0.1', 'r1'],
      ['0.2', 'r1'],
    ]);
  });

  it('refreshes once for calls that run at the same time', async () => {
    const service = new MemoryService();
    const { chat } = await signedIn(service);
    service.sessions.forEach((session) => (session.expired = 1));
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => chat.sendMessage('c1', text)));
    expect(service.callsOf('Refresh')).toHaveLength(1);
    expect(service.conversation('c1').entries).toHaveLength(4);
  });

  it('does not go round in circles with a token that nobody takes', async () => {
    const service = new MemoryService();
    const { chat, session } = await signedIn(service);
    service.sessions.forEach((each) => (each.expired = 100));
    await expect(chat.getMyConversation()).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
    expect(service.callsOf('GetMyConversation')).toHaveLength(2);
    expect(session.me?.login).toBe('ana');
  });

  it('signs out when the session is over', async () => {
    const service = new MemoryService();
    const { chat, session } = await signedIn(service);
    service.sessions.forEach((each) => (each.ended = true));
    await expect(chat.getMyConversation()).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect(session.state).toEqual({ kind: 'signed-out', reason: 'SESSION_ENDED' });
  });
});
