import { Code, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Chat } from './chat.js';
import { ConversationView } from './conversation-view.js';
import { failoverTransport } from './failover-transport.js';
import { Outgoing } from './outgoing/outgoing.js';
import { pageTransport } from './page-transport.js';
import { Session } from './session.js';
import { loopbackServer, type LoopbackServer } from './testing/loopback-server.js';
import { MemoryService, refusal } from './testing/memory-service.js';
import type { SignedIn } from './testing/signed-in.js';
import { Watch } from './watch.js';

describe.each([
  ['grpc', (baseUrl: string): Transport => createGrpcTransport({ baseUrl })],
  ['grpc-web', (baseUrl: string): Transport => pageTransport(baseUrl)],
] as const)('the SDK over %s', (protocol, transportTo) => {
  const cleanUps: (() => void)[] = [];

  async function server(service: MemoryService): Promise<LoopbackServer> {
    const started = await loopbackServer(service, protocol);
    cleanUps.push(() => started.kill());
    return started;
  }

  async function signIn(transport: Transport): Promise<SignedIn> {
    const session = new Session(transport);
    await session.signIn('ana', 'right', Audience.CLIENT);
    const watch = new Watch(transport, session);
    const chat = new Chat(transport, session);
    const outgoing = new Outgoing(chat, session, { portal: 'client' });
    outgoing.start();
    cleanUps.push(() => {
      outgoing.stop();
      watch.stop();
      session.close();
    });
    return { session, chat, watch, outgoing };
  }

  const texts = (view: ConversationView): string[] =>
    view.entries.map(({ content }) => (content.case === 'message' ? content.value.text : ''));

  afterEach(() => {
    for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
  });

  it('signs in, sends, watches, and reads the reason of a refusal', async () => {
    const service = new MemoryService();
    const person = await signIn(transportTo((await server(service)).url));
    const view = new ConversationView('c1', person);
    person.watch.start();
    await view.open();
    view.send('Hello');
    await vi.waitFor(() => expect([texts(view), view.pending]).toEqual([['Hello'], []]));
    service.fail('SendMessage', refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Măria' } }));
    await expect(person.chat.sendMessage('c1', 'again')).rejects.toMatchObject({
      reason: 'CASE_TAKEN',
      facts: { assignee_name: 'Măria' },
    });
  });

  it('sends deadlines as the protocol has them', async () => {
    const service = new MemoryService();
    const person = await signIn(transportTo((await server(service)).url));
    await person.chat.setTyping('c1', true);
    await person.session.signOut({ deadlineMs: 5_000.5 });
    expect([service.typing, service.sessions[0]?.ended]).toEqual([[true], true]);
  });

  it('leaves no stream on the service when it stops', async () => {
    const service = new MemoryService();
    const person = await signIn(transportTo((await server(service)).url));
    person.watch.start();
    await vi.waitFor(() => expect(person.watch.status).toBe('live'));
    person.watch.stop();
    await vi.waitFor(() => expect(service.open).toHaveLength(0));
  });

  it('goes on at another address when one is killed in the middle of talk', async () => {
    const service = new MemoryService();
    const [first, second] = [await server(service), await server(service)];
    const person = await signIn(failoverTransport(transportTo(first.url), transportTo(second.url)));
    const view = new ConversationView('c1', person);
    person.watch.start();
    await view.open();
    const wanted = Array.from({ length: 30 }, (_, index) => `message ${index + 1}`);
    for (const text of wanted.slice(0, 20)) view.send(text);
    await vi.waitFor(() => expect(view.entries.length).toBeGreaterThan(5), { interval: 1 });
    first.kill();
    for (const text of wanted.slice(20)) view.send(text);
    await vi.waitFor(() => expect([texts(view), view.pending]).toEqual([wanted, []]), { timeout: 8_000 });
    expect(person.watch.status).toBe('live');
  });
});
