import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryService, refusal } from './testing/memory-service.js';
import { signedIn } from './testing/signed-in.js';
import { pass, settle, useFakeTime } from './testing/time.js';

const away = new ConnectError('away', Code.Unavailable);

describe('Chat', () => {
  let service: MemoryService;

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
  });
  afterEach(() => void vi.useRealTimers());

  it('sends a message under one request id, however many tries it takes, and the first answer wins', async () => {
    const { chat } = await signedIn(service);
    service.fail('SendMessage', away, 2);
    service.fail('SendMessage', away, 2, 'after');
    const sent = chat.sendMessage('c1', 'Hello');
    await pass(10_000);
    const entry = await sent;
    const ids = service.callsOf('SendMessage').map(({ requestId }) => requestId);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(entry.requestId).toBe(ids[0]);
    expect(service.conversation('c1').entries).toHaveLength(1);
  });

  it('gives every message an id of its own', async () => {
    const { chat } = await signedIn(service);
    await chat.sendMessage('c1', 'Hello');
    await chat.sendMessage('c1', 'Hello');
    expect(service.conversation('c1').entries).toHaveLength(2);
  });

  it('repeats a message under the id of an earlier call', async () => {
    const { chat } = await signedIn(service);
    const first = await chat.sendMessage('c1', 'Hello', { requestId: 'r1' });
    const again = await chat.sendMessage('c1', 'Hello', { requestId: 'r1' });
    expect(again.seq).toBe(first.seq);
  });

  it('hands a refusal on at once, with the winner', async () => {
    const { chat } = await signedIn(service, 'maria');
    service.fail('ClaimCase', refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Ioana' } }), 5);
    await expect(chat.claim({ conversationId: 'c1', caseId: 'k1', revision: 1 })).rejects.toMatchObject({
      reason: 'CASE_TAKEN',
      facts: { assignee_name: 'Ioana' },
    });
    expect(service.callsOf('ClaimCase')).toHaveLength(1);
  });

  it('claims under one request id', async () => {
    const { chat } = await signedIn(service, 'maria');
    service.fail('ClaimCase', away, 2, 'after');
    const claimed = chat.claim({ conversationId: 'c1', caseId: 'k1', revision: 1 });
    await pass(2_000);
    expect((await claimed).case?.revision).toBe(2);
    expect(new Set(service.callsOf('ClaimCase').map(({ requestId }) => requestId)).size).toBe(1);
  });

  it('answers the same after a new sign-in during the tries', async () => {
    const { chat, session } = await signedIn(service);
    service.fail('SendMessage', away, 3, 'after');
    const sent = chat.sendMessage('c1', 'Hello');
    await settle();
    await session.signIn('ana', 'right', Audience.CLIENT);
    await pass(5_000);
    expect((await sent).seq).toBe(1);
    expect(service.conversation('c1').entries).toHaveLength(1);
  });

  it('never sends one person’s message as another', async () => {
    const { chat, session } = await signedIn(service);
    service.fail('SendMessage', away);
    const outcome = expect(chat.sendMessage('c1', 'Hello')).rejects.toMatchObject({ reason: 'OTHER_PERSON' });
    await settle();
    await session.signIn('maria', 'right', Audience.ADMIN);
    await pass(5_000);
    await outcome;
    expect(service.conversation('c1').entries).toEqual([]);
  });

  it('tells of typing at most every 3 s, and that it is over 5 s after the last keystroke', async () => {
    const { chat } = await signedIn(service);
    for (let key = 0; key < 40; key += 1) {
      chat.typing('c1');
      await pass(200);
    }
    expect(service.typing).toEqual([true, true, true]);
    await pass(4_700);
    expect(service.typing).toEqual([true, true, true]);
    await pass(200);
    expect(service.typing).toEqual([true, true, true, false]);
    expect(service.callsOf('SetTyping')).toHaveLength(4);
  });

  it('stops typing when the text is cleared, and at once tells when it begins again', async () => {
    const { chat } = await signedIn(service);
    chat.typing('c1');
    await settle();
    chat.stopTyping('c1');
    chat.stopTyping('c1');
    await settle();
    chat.typing('c1');
    await settle();
    expect(service.typing).toEqual([true, false, true]);
  });

  it('leaves the end of typing to the message', async () => {
    const { chat } = await signedIn(service);
    chat.typing('c1');
    await settle();
    await chat.sendMessage('c1', 'Hello');
    await pass(6_000);
    expect(service.typing).toEqual([true]);
  });

  it('never lets a stop overtake a start', async () => {
    const { chat } = await signedIn(service);
    const release = service.hold('SetTyping');
    chat.typing('c1');
    chat.stopTyping('c1');
    await settle();
    expect(service.callsOf('SetTyping')).toHaveLength(1);
    release();
    await settle();
    expect(service.typing).toEqual([true, false]);
  });

  it('goes on typing when the service does not take the news', async () => {
    const { chat } = await signedIn(service);
    service.fail('SetTyping', refusal(Code.ResourceExhausted, 'THROTTLED'));
    chat.typing('c1');
    await pass(3_100);
    chat.typing('c1');
    await settle();
    expect(service.typing).toEqual([true]);
  });

  it('rates a case under one request id, and hands on that it has another rating', async () => {
    const { chat } = await signedIn(service);
    service.fail('RateCase', away, 2, 'after');
    const rated = chat.rateCase('c1', { caseId: 'k1', rating: 4, comment: 'Quick' });
    await pass(5_000);
    expect((await rated)?.content).toMatchObject({ case: 'caseRated', value: { rating: 4, comment: 'Quick' } });
    expect(new Set(service.callsOf('RateCase').map(({ requestId }) => requestId)).size).toBe(1);
    expect(service.conversation('c1').entries).toHaveLength(1);
    await expect(chat.rateCase('c1', { caseId: 'k1', rating: 1 })).rejects.toMatchObject({ reason: 'CASE_RATED' });
  });

  it('tells the language, however many tries it takes', async () => {
    const { chat } = await signedIn(service);
    service.fail('SetLanguage', away, 2);
    const told = chat.setLanguage('ro');
    await pass(5_000);
    await told;
    expect(service.client.language).toBe('ro');
  });

  it('lists where its person is signed in, and ends one session or all others', async () => {
    service.userAgent = 'Phone';
    const phone = await signedIn(service);
    const office = await signedIn(service);
    service.userAgent = 'Desk';
    const { chat } = await signedIn(service);
    const stranger = await signedIn(service, 'maria');
    const names = async () => (await chat.listSessions()).map(({ userAgent, current }) => [userAgent, current]);
    expect(await names()).toEqual([
      ['Phone', false],
      ['Phone', false],
      ['Desk', true],
    ]);
    const [first] = await chat.listSessions();
    await chat.endSession(first?.id ?? '');
    await expect(phone.chat.listSessions()).rejects.toMatchObject({ reason: 'SESSION_ENDED' });
    await expect(stranger.chat.endSession(first?.id ?? '')).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND' });
    await chat.endOtherSessions();
    await expect(office.chat.listSessions()).rejects.toMatchObject({ reason: 'SESSION_ENDED' });
    expect(await names()).toEqual([['Desk', true]]);
    expect(await stranger.chat.listSessions()).toHaveLength(1);
  });
});
