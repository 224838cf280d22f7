import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { CaseTopic } from '@energy-chat/contract/case_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConversationView } from '../conversation-view.js';
import { MemoryBrowser } from '../testing/memory-browser.js';
import { MemoryOutgoingStore } from '../testing/memory-outgoing-store.js';
import { MemoryService, refusal } from '../testing/memory-service.js';
import { OutgoingTab } from '../testing/outgoing-tab.js';
import { pass, settle, useFakeTime } from '../testing/time.js';
import { Watch } from '../watch.js';

const away = new ConnectError('away', Code.Unavailable);
const DAY = 24 * 3_600_000;

describe('the outgoing queue', () => {
  let service: MemoryService;
  let browser: MemoryBrowser;
  let store: MemoryOutgoingStore;
  let all: OutgoingTab[];

  function open(options: Partial<ConstructorParameters<typeof OutgoingTab>[2]> = {}): OutgoingTab {
    const tab = new OutgoingTab(service, browser, { store, ...options });
    all.push(tab);
    return tab;
  }

  /** A tab in which somebody signs in. */
  async function signIn(login = 'ana', options: Parameters<typeof open>[0] = {}): Promise<OutgoingTab> {
    const tab = open(options);
    await tab.session.signIn(login, 'right', Audience.CLIENT);
    await settle();
    return tab;
  }

  /** Another tab of who is signed in, or the portal opened again. */
  async function openAgain(options: Parameters<typeof open>[0] = {}): Promise<OutgoingTab> {
    const tab = open(options);
    const resumed = tab.session.resume();
    await pass(100);
    expect(await resumed).toBe(true);
    return tab;
  }

  const texts = (conversationId = 'c1'): string[] =>
    service
      .conversation(conversationId)
      .entries.map(({ content }) => (content.case === 'message' ? content.value.text : ''));
  const sent = (): string[] => service.callsOf('SendMessage').map(({ requestId }) => requestId);

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
    service.cookie = '';
    browser = new MemoryBrowser();
    store = new MemoryOutgoingStore();
    all = [];
  });
  afterEach(async () => {
    for (const tab of all) tab.close();
    await settle();
    vi.useRealTimers();
  });

  describe('of one tab', () => {
    it('sends one after the other, in order, each once', async () => {
      const tab = await signIn();
      const release = service.hold('SendMessage');
      const ids = tab.write('one', 'two', 'three');
      await settle();
      expect([sent(), tab.states()]).toEqual([[ids[0]], ['one sending', 'two sending', 'three sending']]);
      release();
      await settle();
      expect([sent(), texts(), tab.states(), store.kept.size]).toEqual([ids, ['one', 'two', 'three'], [], 0]);
    });

    it('does not make one conversation wait for another', async () => {
      service.addConversation('c2');
      const tab = await signIn();
      service.fail('SendMessage', away, 1);
      tab.write('one');
      tab.queue.send('c2', 'other', {});
      await settle();
      expect([texts(), texts('c2')]).toEqual([[], ['other']]);
    });

    it('tries with the same request id until the service answers, and keeps the order meanwhile', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 3);
      service.fail('SendMessage', away, 3, 'after');
      const [one, two] = tab.write('one', 'two');
      await pass(60_000);
      expect(texts()).toEqual(['one', 'two']);
      expect(sent()).toEqual([...Array<unknown>(7).fill(one), two]);
    });

    it('sends nothing before the device has it', async () => {
      const tab = await signIn();
      const release = store.hold('put');
      const ids = tab.write('one');
      await settle();
      expect([sent(), tab.states()]).toEqual([[], ['one sending']]);
      release();
      await settle();
      expect(sent()).toEqual(ids);
    });

    it('keeps a refused message and goes on with the next; a retry goes last, as its person sees the case then', async () => {
      const tab = await signIn();
      const send = vi.spyOn(tab.chat, 'sendMessage');
      service.fail('SendMessage', refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Maria' } }));
      const { requestId } = tab.queue.send('c1', 'one', {
        topic: CaseTopic.BILL,
        seenCase: { caseId: 'k', revision: 1 },
      });
      tab.write('two');
      await settle();
      expect(send.mock.calls[0]?.[2]).toMatchObject({ topic: CaseTopic.BILL, seenCase: { caseId: 'k', revision: 1 } });
      expect(tab.queue.of('c1')).toMatchObject([
        { text: 'one', state: 'failed', error: { reason: 'CASE_TAKEN', facts: { assignee_name: 'Maria' } } },
      ]);
      const release = service.hold('SendMessage');
      tab.write('three');
      await settle();
      tab.queue.retry(requestId, { seenCase: { caseId: 'k', revision: 2 } });
      expect(tab.states()).toEqual(['three sending', 'one sending']);
      release();
      await settle();
      expect(texts()).toEqual(['two', 'three', 'one']);
      expect(send.mock.calls.at(-1)?.[2]).toMatchObject({ requestId, seenCase: { caseId: 'k', revision: 2 } });
    });

    it('forgets a refused message when asked to, and none that is on its way', async () => {
      const tab = await signIn();
      const release = service.hold('SendMessage');
      const [one, two] = tab.write('one', 'two');
      tab.queue.discard(one ?? '');
      service.fail('SendMessage', refusal(Code.InvalidArgument, 'MESSAGE_TOO_LONG'), 2);
      release();
      await settle();
      expect(tab.states()).toEqual(['one failed', 'two failed']);
      tab.queue.discard(two ?? '');
      await settle();
      expect([tab.states(), [...store.kept.keys()]]).toEqual([['one failed'], [one]]);
    });

    it('misses nothing that it writes while it reads', async () => {
      const tab = await signIn();
      const release = store.hold('load');
      tab.outgoing.wake();
      const finish = service.hold('SendMessage');
      tab.write('one');
      await settle();
      release();
      await settle();
      expect(tab.states()).toEqual(['one sending']);
      finish();
      await settle();
      expect(texts()).toEqual(['one']);
    });

    it('lets go of a message that the log shows, before its answer and whatever the device thinks of it', async () => {
      const tab = await signIn();
      service.fail('SendMessage', refusal(Code.Internal, 'INTERNAL'));
      const [failed] = tab.write('in the log all the same');
      await settle();
      tab.queue.landed(failed ?? '', 7);
      await settle();
      expect([tab.states(), store.kept.size]).toEqual([[], 0]);
    });

    it('takes at most 200 messages', async () => {
      const tab = await signIn();
      service.hold('SendMessage');
      for (let number = 1; number <= 200; number += 1) tab.write(`text ${number}`);
      expect(() => tab.write('one more')).toThrow(expect.objectContaining({ reason: 'QUEUE_FULL' }));
      expect(tab.queue.size).toBe(200);
    });

    it('tries at once when the network is back, not at the end of a long wait', async () => {
      vi.spyOn(Math, 'random').mockReturnValue(1);
      const tab = await signIn();
      service.fail('SendMessage', away, 100);
      tab.write('one');
      await pass(20_000);
      service.heal();
      tab.outgoing.networkChanged();
      await settle();
      expect(texts()).toEqual(['one']);
    });

    it('leaves a try alone that has only just begun when the page comes in front', async () => {
      const tab = await signIn();
      const release = service.hold('SendMessage');
      tab.write('one');
      await pass(1_000);
      tab.outgoing.wake();
      await settle();
      release();
      await settle();
      expect([sent().length, texts()]).toEqual([1, ['one']]);
    });
  });

  describe('through the end of a tab', () => {
    it('sends what was written offline when the portal is opened again, before anybody opens the conversation', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000);
      tab.write('one', 'two', 'three', 'four', 'five');
      await pass(1_000);
      tab.kill();
      service.heal();
      await openAgain();
      expect([texts(), store.kept.size]).toEqual([['one', 'two', 'three', 'four', 'five'], 0]);
    });

    it('sends once what was committed without an answer', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000, 'after');
      const ids = tab.write('one', 'two');
      await settle();
      tab.kill();
      expect(texts()).toEqual(['one']);
      service.heal();
      await openAgain();
      expect([texts(), new Set(sent())]).toEqual([['one', 'two'], new Set(ids)]);
    });

    it('sends what is new after what was left over', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000);
      tab.write('one');
      await settle();
      tab.kill();
      const release = store.hold('load');
      const next = open();
      const resumed = next.session.resume();
      await pass(100);
      await resumed;
      service.heal();
      next.write('two');
      await settle();
      release();
      await settle();
      expect(texts()).toEqual(['one', 'two']);
    });

    it('keeps what a failed message was refused for, and what its page showed', async () => {
      const tab = await signIn();
      service.fail('SendMessage', refusal(Code.Aborted, 'CASE_TAKEN', { facts: { assignee_name: 'Maria' } }));
      tab.write('refused');
      await settle();
      service.fail('SendMessage', away, 1_000);
      tab.queue.send('c1', 'waits', { seenCase: { caseId: 'k', revision: 3 } });
      await settle();
      tab.kill();
      const next = open();
      const send = vi.spyOn(next.chat, 'sendMessage');
      const resumed = next.session.resume();
      await pass(100);
      await resumed;
      expect(next.queue.of('c1')).toMatchObject([
        { text: 'refused', state: 'failed', isFromThisTab: false, error: { reason: 'CASE_TAKEN', code: Code.Aborted } },
        { text: 'waits', state: 'sending' },
      ]);
      expect(next.queue.of('c1')[0]?.error?.facts).toEqual({ assignee_name: 'Maria' });
      expect(send.mock.calls[0]?.[2]).toMatchObject({ seenCase: { caseId: 'k', revision: 3 } });
    });

    it('is shown from the first look at the thread on', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000);
      tab.write('left over');
      await settle();
      tab.kill();
      const next = open();
      const release = store.hold('load');
      const resumed = next.session.resume();
      await pass(100);
      await resumed;
      const { chat, session, outgoing, transport } = next;
      const looks: string[][] = [];
      const view = new ConversationView(
        'c1',
        { chat, session, outgoing, watch: new Watch(transport, session) },
        () => !view.isLoading && looks.push(view.pending.map(({ text }) => text)),
      );
      const opened = view.open();
      await settle();
      release();
      await opened;
      expect(looks[0]).toEqual(['left over']);
      view.close();
    });

    it('does not send without a word what is older than seven days', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000);
      const [old] = tab.write('old');
      await settle();
      vi.setSystemTime(Date.now() + 2 * DAY);
      tab.write('young');
      await settle();
      tab.kill();
      service.heal();
      vi.setSystemTime(Date.now() + 5.5 * DAY);
      const next = await openAgain();
      expect([texts(), next.states()]).toEqual([['young'], ['old failed']]);
      expect(next.queue.of('c1')[0]?.error?.reason).toBe('TOO_OLD');
      next.queue.retry(old ?? '', {});
      await settle();
      expect(texts()).toEqual(['young', 'old']);
    });
  });

  describe('of several tabs', () => {
    it('shows the same in all of them, and one sends', async () => {
      const [one, two] = [await signIn(), await openAgain()];
      const release = service.hold('SendMessage');
      one.write('from one');
      await pass(10);
      two.write('from two');
      await settle();
      for (const tab of [one, two]) expect(tab.states()).toEqual(['from one sending', 'from two sending']);
      expect([one.queue, two.queue].map((queue) => queue.of('c1').map((each) => each.isFromThisTab))).toEqual([
        [true, false],
        [false, true],
      ]);
      release();
      await settle();
      expect([texts(), sent().length, one.states(), two.states()]).toEqual([['from one', 'from two'], 2, [], []]);
    });

    it('tells each tab what was answered before it is gone there', async () => {
      const tabs = [await signIn(), await openAgain()];
      const heard = tabs.map((tab) => {
        const lines: string[] = [];
        tab.queue.listen({
          answered: (conversationId, { text, state }, seq) => lines.push(`${conversationId} ${text} ${state} ${seq}`),
        });
        return lines;
      });
      store.hold('remove');
      tabs[0]?.write('one', 'two');
      await settle();
      for (const tab of tabs) tab.outgoing.wake();
      await settle();
      for (const lines of heard) expect(lines).toEqual(['c1 one sent 1', 'c1 two sent 2']);
    });

    it.each(['kill', 'close'] as const)('goes on in another tab after a %s of the one that sends', async (end) => {
      const one = await signIn();
      const sender = await openAgain();
      service.fail('SendMessage', away, 1_000);
      one.write('one', 'two');
      await settle();
      expect(browser.holderOf('outgoing/7')).toBe(sender.inBrowser);
      sender[end]();
      service.heal();
      await settle();
      expect([texts(), one.states(), new Set(sent()).size]).toEqual([['one', 'two'], [], 2]);
    });

    it('goes on in the tab that comes in front, when the one that sends stands still', async () => {
      const one = await signIn();
      one.hide();
      const frozen = await openAgain();
      frozen.freeze();
      one.write('while it sleeps');
      await pass(3_000);
      expect(sent()).toEqual([]);
      one.outgoing.wake();
      await settle();
      expect([texts(), sent().length]).toEqual([['while it sleeps'], 1]);
      frozen.thaw();
      await settle();
      expect([sent().length, frozen.states()]).toEqual([1, []]);
    });

    it('sends from one tab only after another has taken over', async () => {
      const [one, two] = [await signIn(), await openAgain()];
      service.fail('SendMessage', away, 1_000);
      two.write('one');
      await pass(5_000);
      expect([one.sends, two.sends > 0]).toEqual([0, true]);
      one.outgoing.wake();
      await settle();
      const { sends } = two;
      await pass(20_000);
      expect([one.sends > 0, two.sends]).toEqual([true, sends]);
    });

    it('retries and discards in all of them', async () => {
      const [one, two] = [await signIn(), await openAgain()];
      service.fail('SendMessage', refusal(Code.InvalidArgument, 'MESSAGE_TOO_LONG'), 2);
      const [first, second] = one.write('first', 'second');
      await settle();
      expect(two.states()).toEqual(['first failed', 'second failed']);
      one.queue.discard(first ?? '');
      await settle();
      expect(two.states()).toEqual(['second failed']);
      one.queue.retry(second ?? '', {});
      await settle();
      expect([texts(), one.states(), two.states()]).toEqual([['second'], [], []]);
    });

    it('does no harm where tabs have no locks and hear nothing of each other', async () => {
      const one = await signIn('ana', { among: 'nobody' });
      service.fail('SendMessage', away, 2);
      const ids = one.write('one', 'two', 'three');
      await settle();
      const two = await openAgain({ among: 'nobody' });
      await pass(60_000);
      expect([texts(), new Set(sent()), one.states(), two.states(), store.kept.size]).toEqual([
        ['one', 'two', 'three'],
        new Set(ids),
        [],
        [],
        0,
      ]);
    });
  });

  describe('of a person', () => {
    it('is neither seen nor sent by who signs in next, and goes on when its person is back', async () => {
      const tab = await signIn();
      service.fail('SendMessage', away, 1_000);
      tab.write('for my eyes');
      await settle();
      await tab.session.signIn('maria', 'right', Audience.ADMIN);
      service.heal();
      await pass(30_000);
      expect([texts(), tab.states(), tab.queue.size]).toEqual([[], [], 0]);
      await tab.session.signIn('ana', 'right', Audience.CLIENT);
      await settle();
      expect(texts()).toEqual(['for my eyes']);
    });

    it.each(['tabs', 'nobody'] as const)(
      'waits at the end of a session for the same person, among %s',
      async (among) => {
        const tab = await signIn('ana', { among });
        for (const session of service.sessions) session.ended = true;
        tab.write('kept');
        await pass(1_000);
        expect([tab.session.me, texts(), tab.states()]).toEqual([undefined, [], ['kept sending']]);
        await tab.session.signIn('ana', 'right', Audience.CLIENT);
        await settle();
        expect([texts(), tab.states()]).toEqual([['kept'], []]);
      },
    );

    it('is forgotten in all tabs when its person signs out, and only theirs', async () => {
      const [one, two] = [await signIn(), await openAgain()];
      service.hold('SendMessage');
      one.write('not sent');
      await settle();
      const [mine] = store.kept.values();
      if (mine !== undefined) store.kept.set('theirs', { ...mine, requestId: 'theirs', personId: '2' });
      await one.session.signOut();
      await one.outgoing.forget('7');
      await pass(100);
      expect([[...store.kept.keys()], one.states(), two.states()]).toEqual([['theirs'], [], []]);
      expect(texts()).toEqual([]);
    });
  });

  describe('on a device that keeps nothing', () => {
    it.each([
      ['refuses everything', ['load', 'put', 'remove'] as const],
      ['is full', ['put'] as const],
    ])('sends all the same, in order, where it %s', async (_, refused) => {
      for (const method of refused) store.refuses.add(method);
      const [one, two] = [await signIn(), await openAgain()];
      service.fail('SendMessage', away, 3);
      one.write('one', 'two');
      two.write('elsewhere');
      await pass(60_000);
      expect(texts().filter((text) => text !== 'elsewhere')).toEqual(['one', 'two']);
      expect([texts().length, one.states(), two.states()]).toEqual([3, [], []]);
    });

    it('knows of what another tab holds alone, until that has sent it or is gone', async () => {
      store.refuses.add('put');
      const [one, two] = [await signIn(), await openAgain()];
      const release = service.hold('SendMessage');
      two.write('elsewhere');
      await settle();
      expect([one.queue.size, await one.queue.hasMoreElsewhere()]).toEqual([0, true]);
      expect(await two.queue.hasMoreElsewhere()).toBe(false);
      release();
      await settle();
      expect([texts(), await one.queue.hasMoreElsewhere()]).toEqual([['elsewhere'], false]);
      service.hold('SendMessage');
      two.write('gone with its tab');
      await settle();
      expect(await one.queue.hasMoreElsewhere()).toBe(true);
      two.kill();
      await settle();
      expect(await one.queue.hasMoreElsewhere()).toBe(false);
    });

    it('does not send again what the device does not let go of', async () => {
      const tab = await signIn();
      store.refuses.add('remove');
      tab.write('one');
      await settle();
      tab.outgoing.wake();
      await pass(10_000);
      expect([texts(), tab.states(), tab.sends]).toEqual([['one'], [], 1]);
    });

    it('sends what it could not keep after what it could', async () => {
      const tab = await signIn();
      const release = service.hold('SendMessage');
      tab.write('kept');
      await settle();
      store.refuses.add('put');
      tab.write('not kept');
      tab.outgoing.wake();
      await settle();
      release();
      await settle();
      expect([texts(), tab.states(), store.kept.size]).toEqual([['kept', 'not kept'], [], 0]);
    });
  });
});
