import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { CaseSchema, CaseStatus } from '@energy-chat/contract/case_pb.js';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { MessageSchema } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConversationView } from './conversation-view.js';
import { MemoryService, refusal } from './testing/memory-service.js';
import { signedIn, type SignedIn } from './testing/signed-in.js';
import { pass, settle, useFakeTime } from './testing/time.js';

const away = new ConnectError('away', Code.Unavailable);

describe('ConversationView', () => {
  let service: MemoryService;
  let person: SignedIn;
  let view: ConversationView;
  let changes: number;

  async function open(login = 'ana', pageSize = 50): Promise<void> {
    person = await signedIn(service, login);
    person.watch.start();
    changes = 0;
    view = new ConversationView('c1', { ...person, pageSize }, () => (changes += 1));
    await view.open();
    await pass(200);
  }

  const seqs = (): number[] => view.entries.map(({ seq }) => seq);
  const textsOf = ({ entries }: ConversationView): string[] =>
    entries.map(({ content }) => (content.case === 'message' ? content.value.text : String(content.case)));
  const texts = (): string[] => textsOf(view);

  function write(count: number, author = service.admin): void {
    for (let number = 1; number <= count; number += 1) service.message('c1', `text ${number}`, author);
  }

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
  });
  afterEach(async () => {
    view.close();
    person.watch.stop();
    person.session.close();
    await settle();
    vi.useRealTimers();
  });

  it('shows the newest page and what comes after it, without asking for it twice', async () => {
    write(120);
    await open();
    expect(seqs()).toEqual(Array.from({ length: 50 }, (_, index) => 71 + index));
    expect(view.row?.lastSeq).toBe(120);
    service.message('c1', 'live', service.admin);
    await settle();
    expect(seqs().at(-1)).toBe(121);
    expect(service.callsOf('ListEntries')).toHaveLength(1);
  });

  it('loads older pages until there are no more, one at a time', async () => {
    write(120);
    await open();
    await Promise.all([view.loadOlder(), view.loadOlder()]);
    expect([seqs()[0], view.hasOlder]).toEqual([21, true]);
    await view.loadOlder();
    expect([seqs()[0], view.hasOlder]).toEqual([1, false]);
    await view.loadOlder();
    expect(service.callsOf('ListEntries')).toHaveLength(3);
    expect(seqs()).toHaveLength(120);
  });

  it('holds a window of a long conversation, which follows its reader up, down, and to the newest', async () => {
    write(1_000);
    await open('ana', 100);
    view.readAtEnd(false);
    while (view.hasOlder) {
      await view.loadOlder();
      expect(seqs().length).toBeLessThanOrEqual(300);
    }
    expect([seqs()[0], view.hasNewer, view.newest.at(-1)?.seq]).toEqual([1, true, 1_000]);
    service.message('c1', 'live', service.admin);
    await settle();
    expect([seqs().at(-1), view.newest.at(-1)?.seq]).toEqual([300, 1_001]);
    await Promise.all([view.loadNewer(), view.loadNewer()]);
    expect([seqs()[0], seqs().at(-1), view.hasOlder]).toEqual([101, 400, true]);
    const calls = service.callsOf('ListEntries').length;
    view.showNewest();
    expect([seqs().at(-1), view.hasNewer]).toEqual([1_001, false]);
    expect(service.callsOf('ListEntries')).toHaveLength(calls);
  });

  it('shows what is around an entry, far back or held already', async () => {
    write(1_000);
    await open();
    await view.showAround(500);
    expect([seqs()[0], seqs().at(-1), view.hasOlder, view.hasNewer]).toEqual([451, 550, true, true]);
    const calls = service.callsOf('ListEntries').length;
    await view.showAround(520);
    await view.showAround(980);
    expect([seqs().includes(980), view.hasNewer]).toEqual([true, false]);
    expect(service.callsOf('ListEntries')).toHaveLength(calls);
  });

  it('shows an edit also of what was written long ago, and tells what was delivered while its reader is there', async () => {
    write(1_000);
    await open();
    await view.showAround(500);
    service.edit('c1', 480, 'better');
    service.message('c1', 'live', service.admin);
    await settle();
    expect(texts()[seqs().indexOf(480)]).toBe('better');
    await pass(500);
    expect(service.progress.at(-1)).toMatchObject({ deliveredSeq: 1_002 });
  });

  it('drops a page that was asked for elsewhere', async () => {
    write(1_000);
    await open();
    const page = await person.chat.listEntries({ conversationId: 'c1', position: { case: 'beforeSeq', value: 951 } });
    let answer: (late: typeof page) => void = () => undefined;
    vi.spyOn(person.chat, 'listEntries').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const older = view.loadOlder();
    await view.showAround(20);
    answer(page);
    await older;
    expect([seqs()[0], seqs().at(-1), view.hasOlder]).toEqual([1, 70, false]);
  });

  it('offers to change one’s own messages for 15 minutes of the service’s time, though the device’s clock is wrong', async () => {
    await open();
    view.send('mine');
    await settle();
    service.message('c1', 'theirs', service.admin);
    await settle();
    const changeable = (): boolean[] => view.entries.map((entry) => view.isChangeable(entry));
    expect(changeable()).toEqual([true, false]);
    await pass(14 * 60_000);
    expect(changeable()).toEqual([true, false]);
    await pass(61_000);
    expect(changeable()).toEqual([false, false]);
  });

  it('does not offer to change a removed message', async () => {
    await open();
    view.send('mine');
    await settle();
    await view.remove(1);
    await settle();
    expect(view.entries.map((entry) => view.isChangeable(entry))).toEqual([false, false]);
  });

  it('begins with a conversation in which nothing was written', async () => {
    await open();
    expect([seqs(), view.hasOlder]).toEqual([[], false]);
    write(1);
    await settle();
    expect(seqs()).toEqual([1]);
  });

  it('shows a message at once, then in the log, never in both', async () => {
    await open();
    const release = service.hold('SendMessage');
    view.send('Hello');
    expect(view.pending.map(({ text, state }) => [text, state])).toEqual([['Hello', 'sending']]);
    await settle();
    service.message('c1', 'meanwhile', service.admin);
    release();
    await settle();
    expect(view.pending).toEqual([]);
    expect(texts()).toEqual(['meanwhile', 'Hello']);
  });

  it('keeps a committed message in sight while the stream is lost', async () => {
    await open();
    service.holdStreams = true;
    service.stream.fail(away);
    await pass(300);
    view.send('Hello');
    await settle();
    expect(view.pending.map(({ state }) => state)).toEqual(['sent']);
    service.stream.release();
    await settle();
    expect([view.pending, texts()]).toEqual([[], ['Hello']]);
  });

  it('believes the log and not the answer of a message that it shows', async () => {
    await open();
    service.fail('SendMessage', refusal(Code.Internal, 'INTERNAL'), 1, 'after');
    view.send('Hello');
    await settle();
    expect([texts(), view.pending, person.outgoing.queue?.size]).toEqual([['Hello'], [], 0]);
  });

  it('shows no message twice while its newest page takes over many that wait', async () => {
    person = await signedIn(service);
    service.hold('SendMessage');
    for (const text of ['one', 'two', 'three']) {
      const { requestId } = person.outgoing.queue?.send('c1', text, {}) ?? {};
      service.append('c1', { case: 'message', value: create(MessageSchema, { text }) }, service.client, requestId);
    }
    const looks: string[][] = [];
    view = new ConversationView('c1', person, () => looks.push([...texts(), ...view.pending.map(({ text }) => text)]));
    await view.open();
    expect(looks.length).toBeGreaterThan(0);
    for (const look of looks) expect(look).toEqual(['one', 'two', 'three']);
    expect(view.pending).toEqual([]);
  });

  it('keeps the order of messages while the service is away, each once', async () => {
    await open();
    service.fail('SendMessage', away, 3);
    service.fail('SendMessage', away, 3, 'after');
    for (const text of ['one', 'two', 'three']) view.send(text);
    await pass(60_000);
    expect([texts(), view.pending]).toEqual([['one', 'two', 'three'], []]);
  });

  it('tells what the page showed with an administrator’s message, and keeps the text of a refused one', async () => {
    service.changeRow('c1', { openCase: create(CaseSchema, { id: 'k1', revision: 3, status: CaseStatus.WAITING }) });
    await open('maria');
    const sent = vi.spyOn(person.chat, 'sendMessage');
    service.fail('SendMessage', refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Ioana' } }));
    const { requestId } = view.send('Hello');
    await settle();
    expect(sent.mock.calls[0]?.[2]?.seenCase).toEqual({ caseId: 'k1', revision: 3 });
    expect(view.pending).toMatchObject([
      { text: 'Hello', state: 'failed', error: { reason: 'CASE_TAKEN', facts: { assignee_name: 'Ioana' } } },
    ]);
    service.changeRow('c1', { openCase: create(CaseSchema, { id: 'k1', revision: 4, status: CaseStatus.ASSIGNED }) });
    await settle();
    view.retry(requestId);
    await settle();
    expect(sent.mock.calls[1]?.[2]).toMatchObject({ requestId, seenCase: { caseId: 'k1', revision: 4 } });
    expect(texts()).toEqual(['Hello']);
  });

  it('draws ticks from how far the other side has come', async () => {
    await open();
    view.send('one');
    view.send('two');
    await settle();
    const ticks = (): unknown[] => view.entries.map((entry) => view.tickOf(entry));
    expect(ticks()).toEqual(['sent', 'sent']);
    service.changeRow('c1', { supportProgress: create(ProgressSchema, { deliveredSeq: 2, readSeq: 1 }) });
    await settle();
    expect(ticks()).toEqual(['read', 'delivered']);
  });

  it('tells that it holds what the other side wrote, and nothing about its own', async () => {
    await open();
    view.send('mine');
    await pass(500);
    expect(service.progress).toEqual([]);
    service.message('c1', 'theirs', service.admin);
    service.message('c1', 'and more', service.admin);
    await pass(500);
    expect(service.progress).toMatchObject([{ deliveredSeq: 3, readSeq: 0 }]);
  });

  it('tells what was read only when the page says that it was seen', async () => {
    write(3);
    await open();
    await pass(500);
    expect(service.progress).toMatchObject([{ deliveredSeq: 3, readSeq: 0 }]);
    view.seen(2);
    await pass(500);
    view.seen(99);
    await pass(500);
    expect(service.progress.slice(1)).toMatchObject([{ readSeq: 2 }, { readSeq: 3 }]);
  });

  it('reads for support only once the case is this administrator’s', async () => {
    write(3, service.client);
    await open('maria');
    view.seen(3);
    await pass(500);
    expect(service.progress).toMatchObject([{ deliveredSeq: 3, readSeq: 0 }]);
    service.changeRow('c1', {
      openCase: create(CaseSchema, { id: 'k1', revision: 2, assignee: { id: service.admin.id } }),
    });
    await pass(500);
    expect(service.progress.at(-1)).toMatchObject({ readSeq: 3 });
  });

  it('tells progress again after the service was away', async () => {
    await open();
    service.fail('MarkProgress', refusal(Code.Internal, 'INTERNAL'));
    write(1);
    await pass(500);
    expect(service.progress).toEqual([]);
    service.stream.fail(away);
    await pass(1_000);
    expect(service.progress).toMatchObject([{ deliveredSeq: 1 }]);
  });

  it('shows who else types and who is there', async () => {
    await open();
    const news = { conversationId: 'c1', remaining: { seconds: 5n, nanos: 0 } };
    service.stream.send({ case: 'presence', value: { subject: { case: 'support', value: { available: true } } } });
    service.stream.send({
      case: 'typing',
      value: { ...news, side: Side.SUPPORT, personId: '2', displayName: 'Maria' },
    });
    service.stream.send({ case: 'typing', value: { ...news, side: Side.CLIENT, personId: '7', displayName: 'Ana' } });
    await settle();
    expect([view.typing.map(({ displayName }) => displayName), view.otherSidePresent]).toEqual([['Maria'], true]);
    await pass(5_100);
    expect(view.typing).toEqual([]);
  });

  it('shows at once who typed and who was there before it was opened', async () => {
    await open('maria');
    const news = { conversationId: 'c1', remaining: { seconds: 5n, nanos: 0 } };
    service.stream.send({ case: 'typing', value: { ...news, side: Side.CLIENT, personId: '7', displayName: 'Ana' } });
    service.stream.send({
      case: 'presence',
      value: { subject: { case: 'client', value: { conversationId: 'c1', online: true } } },
    });
    await settle();
    const second = new ConversationView('c1', person);
    await second.open();
    expect([second.typing.map(({ displayName }) => displayName), second.otherSidePresent]).toEqual([['Ana'], true]);
    second.close();
  });

  it('loads its newest page again after a reset, and misses nothing that arrives meanwhile', async () => {
    write(10);
    await open();
    service.stream.fail(away);
    write(1_500);
    const page = await person.chat.listEntries({ conversationId: 'c1' });
    let answer: (older: typeof page) => void = () => undefined;
    vi.spyOn(person.chat, 'listEntries').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    await pass(500);
    expect([view.isLoading, seqs().at(-1)]).toEqual([true, 10]);
    service.message('c1', 'meanwhile', service.admin);
    await settle();
    answer(page);
    await settle();
    expect(view.isLoading).toBe(false);
    expect(seqs()).toEqual(Array.from({ length: 51 }, (_, index) => 1_461 + index));
    service.message('c1', 'live', service.admin);
    await settle();
    expect(seqs().at(-1)).toBe(1_512);
  });

  it('fills what a lagging reader of the log does not show yet', async () => {
    write(10);
    await open();
    service.stream.fail(away);
    write(1_500);
    const { entries } = service.conversation('c1');
    const lagging = entries.slice(0, 1_508);
    const all = entries.slice();
    entries.splice(1_508);
    await pass(500);
    expect(view.isLoading).toBe(true);
    entries.splice(0, lagging.length, ...all);
    await pass(500);
    expect(view.isLoading).toBe(false);
    expect(seqs().slice(-3)).toEqual([1_508, 1_509, 1_510]);
  });

  it('believes lower versions after the log was restored', async () => {
    write(5);
    await open();
    const { row, entries } = service.conversation('c1');
    service.stream.fail(away);
    service.epoch = 'epoch-2';
    entries.splice(2);
    service.conversation('c1').row = { ...row, version: 2, lastSeq: 2 };
    await pass(500);
    expect([view.row?.version, seqs()]).toEqual([2, [1, 2]]);
  });

  it('reads the text of an edited message from its place, and forgets a removed one at once', async () => {
    write(2);
    await open();
    await view.edit(1, 'better');
    await settle();
    await view.remove(2);
    await settle();
    expect(texts()).toEqual(['better', '', 'messageEdited', 'messageRemoved']);
  });

  it('shows after a cut what a fresh page shows, whatever was edited and removed meanwhile', async () => {
    write(6);
    await open();
    service.stream.fail(away);
    service.edit('c1', 2, 'mended');
    service.remove('c1', 3);
    service.message('c1', 'soon gone', service.admin);
    service.remove('c1', 9);
    service.edit('c1', 2, 'mended again');
    service.edit('c1', 5, 'mended');
    service.remove('c1', 5);
    await pass(3_000);
    const fresh = new ConversationView('c1', person);
    await fresh.open();
    expect(texts()).toEqual([
      'text 1',
      'mended again',
      '',
      'text 4',
      '',
      'text 6',
      'messageEdited',
      'messageRemoved',
      '',
      'messageRemoved',
      'messageEdited',
      'messageEdited',
      'messageRemoved',
    ]);
    expect(textsOf(fresh)).toEqual(texts());
    fresh.close();
  });

  it('reads an edited message again while a lagging reader still has the old text', async () => {
    write(1);
    await open();
    const stale = await person.chat.listEntries({ conversationId: 'c1' });
    vi.spyOn(person.chat, 'listEntries').mockResolvedValueOnce(stale).mockResolvedValueOnce(stale);
    await view.edit(1, 'better');
    await settle();
    expect(texts()[0]).toBe('text 1');
    await pass(500);
    expect(texts()[0]).toBe('better');
  });

  it('tries a change of a message again with the same request id until it is answered', async () => {
    write(1);
    await open();
    service.fail('EditMessage', away, 2, 'after');
    const edited = view.edit(1, 'better');
    await pass(5_000);
    await edited;
    expect(new Set(service.callsOf('EditMessage').map(({ requestId }) => requestId)).size).toBe(1);
  });

  it('keeps its row when a lagging replica tells an older one', async () => {
    write(3);
    await open();
    const { version } = service.conversation('c1').row;
    service.conversation('c1').row = { ...service.conversation('c1').row, version: version - 1 };
    person.watch.watchConversation('c1', 3);
    await pass(100);
    expect(view.row?.version).toBe(version);
  });

  it('keeps what waits for its turn from going out as somebody else', async () => {
    await open();
    const release = service.hold('SendMessage');
    view.send('one');
    view.send('two');
    await settle();
    await person.session.signIn('maria', 'right', Audience.ADMIN);
    release();
    await pass(1_000);
    expect(service.callsOf('SendMessage').map(({ token }) => token)).toEqual(['0.1']);
    expect(service.conversation('c1').entries.length).toBeLessThanOrEqual(1);
    expect(view.pending).toEqual([]);
  });

  it('leaves nothing behind when it is closed', async () => {
    await open();
    view.close();
    await pass(50);
    const seen = changes;
    service.message('c1', 'unseen', service.admin);
    await pass(500);
    expect(changes).toBe(seen);
    expect(service.stream.request.cursors).toEqual([]);
    expect(service.progress).toEqual([]);
  });

  it('is closed again when the service refuses to open it', async () => {
    person = await signedIn(service);
    view = new ConversationView('stranger', person);
    await expect(view.open()).rejects.toMatchObject({ reason: 'NOT_YOURS' });
    expect(view.isLoading).toBe(false);
  });
});
