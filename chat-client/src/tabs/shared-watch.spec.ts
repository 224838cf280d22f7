import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../session.js';
import { MemoryBrowser, type MemoryTab } from '../testing/memory-browser.js';
import { MemoryService } from '../testing/memory-service.js';
import { Recorder } from '../testing/recorder.js';
import { randomFrom } from '../testing/random.js';
import { pass, settle, useFakeTime } from '../testing/time.js';
import { SharedWatch } from './shared-watch.js';

const seqs = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** One tab with a page that watches. */
class Page {
  readonly heard = new Recorder();
  /** Everything that was told of c1. */
  readonly entries: number[] = [];

  private constructor(
    readonly tab: MemoryTab,
    readonly session: Session,
    readonly watch: SharedWatch,
  ) {
    watch.listen(this.heard);
    watch.listen({ entry: ({ conversationId, seq }) => conversationId === 'c1' && this.entries.push(seq) });
  }

  static async open(
    service: MemoryService,
    tab: MemoryTab,
    options: { login?: string; alone?: true } = {},
  ): Promise<Page> {
    const transport = service.transport();
    const session = new Session(transport);
    await session.signIn(options.login ?? 'ana', 'right', Audience.UNSPECIFIED);
    const tabs = options.alone === undefined ? tab : undefined;
    return new Page(tab, session, new SharedWatch(transport, session, { tabs, portal: 'client' }));
  }

  end(): void {
    this.watch.stop();
    this.session.close();
  }
}

describe('SharedWatch', () => {
  let service: MemoryService;
  let browser: MemoryBrowser;
  let pages: Page[];

  async function open(afterSeq: number | 'nothing' = 0, options: Parameters<typeof Page.open>[2] = {}): Promise<Page> {
    const page = await Page.open(service, browser.open(), options);
    pages.push(page);
    page.watch.start();
    if (afterSeq !== 'nothing') page.watch.watchConversation('c1', afterSeq);
    await pass(100);
    return page;
  }

  const leader = (): Page => {
    const holder = browser.holderOf('/leader');
    const found = pages.find(({ tab }) => tab === holder);
    if (found === undefined) throw new Error('Nobody leads.');
    return found;
  };

  const others = (): Page[] => pages.filter((page) => page !== leader());

  /** The tab dies: what its page would still do reaches nobody. */
  function kill(page: Page): void {
    page.tab.kill();
    page.end();
    pages = pages.filter((each) => each !== page);
  }

  function write(count: number): void {
    for (let index = 0; index < count; index += 1) service.message('c1', 'text');
  }

  beforeEach(() => {
    useFakeTime();
    service = new MemoryService();
    browser = new MemoryBrowser();
    pages = [];
  });
  afterEach(async () => {
    for (const page of pages) page.end();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(service.open).toHaveLength(0);
    vi.useRealTimers();
  });

  it('opens one stream for eight tabs, and each hears everything once and in order', async () => {
    write(2);
    for (let index = 0; index < 8; index += 1) await open();
    write(3);
    await settle();
    expect(service.open).toHaveLength(1);
    for (const page of pages) {
      expect(page.entries).toEqual(seqs(1, 5));
      expect(page.watch.status).toBe('live');
    }
  });

  it('tells a tab that comes later how things stand: row, who types, who is there', async () => {
    const first = await open(0, { login: 'maria' });
    write(1);
    const { stream } = service;
    const person = { side: Side.CLIENT, personId: '7', displayName: 'Ana Pop' };
    stream.send({ case: 'typing', value: { conversationId: 'c1', ...person, remaining: durationFromMs(5_000) } });
    const online = { case: 'client' as const, value: { conversationId: 'c1', online: true } };
    stream.send({ case: 'presence', value: { subject: online } });
    await pass(100);
    const second = await open(1, { login: 'maria' });
    expect(second.heard.take()).toEqual([
      'connecting',
      'row c1 2',
      'Ana Pop types',
      'client true',
      'live',
      'caught up epoch-1',
    ]);
    expect(service.streams).toHaveLength(1);
    await pass(5_000);
    expect(second.heard.take()).toEqual(['Ana Pop stopped']);
    expect(first.heard.take()).toContain('Ana Pop stopped');
  });

  it('starts anew from a tab that is behind, and tells nobody anything twice', async () => {
    write(3);
    const first = await open();
    const second = await open(1);
    write(1);
    await settle();
    expect(first.entries).toEqual(seqs(1, 4));
    expect(second.entries).toEqual(seqs(2, 4));
    expect(service.open).toHaveLength(1);
  });

  it('lets a page start anew in its conversation while other tabs go on', async () => {
    write(3);
    await open();
    const second = await open();
    second.watch.watchConversation('c1', 1);
    write(1);
    await pass(100);
    expect(second.entries).toEqual([1, 2, 3, 2, 3, 4]);
    expect(leader().entries).toEqual(seqs(1, 4));
  });

  it('holds the union of what the tabs watch, and drops what nobody watches any more', async () => {
    service.addConversation('c2');
    const first = await open();
    const second = await open('nothing');
    second.watch.watchConversation('c2', 0);
    await pass(100);
    const watched = (): string[] => service.stream.request.cursors.map(({ conversationId }) => conversationId).sort();
    expect(watched()).toEqual(['c1', 'c2']);
    first.heard.take();
    service.message('c2', 'text');
    await settle();
    expect(first.heard.take()).toEqual([]);
    expect(second.heard.takeSeqs('c2')).toEqual([1]);
    kill(second);
    await pass(100);
    expect(watched()).toEqual(['c1']);
  });

  it('shares the inbox with the tabs that want it, and with no other', async () => {
    service.addConversation('c2');
    const conversation = await open(0, { login: 'maria' });
    const inbox = await open('nothing', { login: 'maria' });
    inbox.watch.setInbox(true);
    await pass(100);
    for (const page of pages) page.heard.take();
    service.message('c2', 'text');
    await settle();
    expect(inbox.heard.take()).toEqual(['row c2 2']);
    expect(conversation.heard.take()).toEqual([]);
  });

  it('replaces a leader that dies within a second, each tab from its own cursor', async () => {
    write(2);
    for (let index = 0; index < 3; index += 1) await open();
    const late = await open(2);
    const dead = leader();
    kill(dead);
    write(2);
    await pass(1_000);
    write(1);
    await settle();
    for (const page of pages) {
      expect(page.entries).toEqual(page === late ? seqs(3, 5) : seqs(1, 5));
      expect(page.watch.status).toBe('live');
    }
    expect(service.open).toHaveLength(1);
  });

  it('hands over when the leader leaves', async () => {
    await open();
    await open();
    leader().watch.stop();
    write(1);
    await pass(200);
    expect(leader().entries).toEqual([1]);
    expect(leader().watch.status).toBe('live');
  });

  it('replaces a leader that stands still for 2 s, and nobody hears anything twice when it goes on', async () => {
    for (let index = 0; index < 3; index += 1) await open();
    const frozen = leader();
    frozen.tab.freeze();
    write(2);
    await pass(1_900);
    expect(leader()).toBe(frozen);
    await pass(1_000);
    expect(leader()).not.toBe(frozen);
    for (const page of others()) if (page !== frozen) expect(page.entries).toEqual(seqs(1, 2));
    const next = leader();
    write(2);
    await pass(100);
    frozen.tab.thaw();
    write(2);
    await pass(3_000);
    expect(leader()).toBe(next);
    for (const page of pages) {
      expect(page.entries).toEqual(seqs(1, 6));
      expect(page.watch.status).toBe('live');
    }
    expect(service.open).toHaveLength(1);
  });

  it('leaves a leader alone that is quiet because nothing happens', async () => {
    for (let index = 0; index < 3; index += 1) await open();
    const first = leader();
    await pass(30_000);
    expect(leader()).toBe(first);
    expect(service.streams).toHaveLength(1);
  });

  it('does not blame the leader for the time in which the tab itself stood still', async () => {
    const first = await open();
    const second = await open();
    second.tab.freeze();
    write(3);
    await pass(200);
    vi.setSystemTime(Date.now() + 60_000);
    second.tab.thaw();
    second.watch.wake();
    await pass(3_000);
    expect(leader()).toBe(first);
    expect(second.entries).toEqual(seqs(1, 3));
  });

  it('gets what a tab missed of the news, without waiting for the next entry', async () => {
    const first = await open();
    const second = await open();
    second.tab.loseNext(4);
    write(2);
    await settle();
    expect(second.entries).toEqual([]);
    await pass(2_000);
    expect(second.entries).toEqual([1, 2]);
    write(1);
    await settle();
    expect(second.entries).toEqual([1, 2, 3]);
    expect(first.entries).toEqual([1, 2, 3]);
  });

  it('gets at once what a tab missed, when the next entry shows it', async () => {
    await open();
    const second = await open();
    second.tab.loseNext(2);
    write(2);
    await pass(100);
    expect(second.entries).toEqual([1, 2]);
  });

  it('asks again when the answer to its wish is lost', async () => {
    write(2);
    await open();
    const second = await open('nothing');
    second.heard.take();
    second.tab.loseNext(1);
    second.watch.watchConversation('c1', 2);
    await pass(100);
    expect(second.heard.take()).toEqual([]);
    await pass(1_500);
    expect(second.heard.take()).toEqual(['row c1 3', 'caught up epoch-1']);
  });

  it('follows a leader that does not know how late the last term was, because the clock was set back', async () => {
    const dying = await open();
    const tab = browser.open();
    tab.loseNext(1_000);
    const ignorant = await Page.open(service, tab);
    pages.push(ignorant);
    ignorant.watch.start();
    await pass(100);
    const knowing = await open();
    vi.setSystemTime(Date.now() - 3_600_000);
    kill(dying);
    tab.loseNext(0);
    write(2);
    await pass(2_000);
    expect(leader()).toBe(ignorant);
    expect(knowing.entries).toEqual([1, 2]);
    expect(knowing.watch.status).toBe('live');
  });

  it('says reconnecting in every tab when the stream is lost, and takes up where each was', async () => {
    for (let index = 0; index < 3; index += 1) await open();
    service.fail('Watch', new ConnectError('away', Code.Unavailable), 3);
    service.stream.fail(new ConnectError('away', Code.Unavailable));
    write(2);
    await settle();
    for (const page of pages) expect(page.watch.status).toBe('reconnecting');
    await pass(5_000);
    for (const page of pages) {
      expect(page.watch.status).toBe('live');
      expect(page.entries).toEqual([1, 2]);
    }
  });

  it('moves to a visible tab when a hidden leader is in trouble, because its timers are slow', async () => {
    await open();
    const visible = await open();
    const hidden = leader();
    hidden.tab.isInFront = false;
    visible.watch.wake();
    await pass(2_000);
    expect(leader()).toBe(hidden);
    service.fail('Watch', new ConnectError('away', Code.Unavailable), 1_000);
    service.stream.fail(new ConnectError('away', Code.Unavailable));
    await pass(1_000);
    expect(leader()).toBe(visible);
    service.heal();
    await pass(12_000);
    for (const page of pages) expect(page.watch.status).toBe('live');
  });

  it('tells a reset only to tabs that are behind, when the log goes on as before', async () => {
    write(1_200);
    const current = await open(1_200);
    const behind = await open(10);
    expect(behind.heard.take()).toContain('reset c1 1200');
    expect(current.heard.take().filter((line) => line.startsWith('reset'))).toEqual([]);
    write(1);
    await settle();
    expect(current.entries).toEqual([1_201]);
    expect(behind.entries).toEqual([1_201]);
  });

  it('tells a reset to every tab after a restore of the log', async () => {
    write(2);
    await open();
    await open();
    service.epoch = 'epoch-2';
    service.stream.fail(new ConnectError('away', Code.Unavailable));
    await pass(5_000);
    for (const page of pages) expect(page.heard.take()).toContain('reset c1 2');
  });

  it('sends a tab apart whose conversation the service refuses, and the others stay live', async () => {
    const good = await open();
    const bad = await open('nothing');
    bad.watch.watchConversation('not-mine', 0);
    await pass(500);
    expect(bad.heard.take()).toContain('refused NOT_YOURS');
    write(1);
    await pass(500);
    expect(good.entries).toEqual([1]);
    expect(good.watch.status).toBe('live');
    expect(good.heard.take().filter((line) => line.startsWith('refused'))).toEqual([]);
  });

  it('sends a leader apart whose own conversation the service refuses', async () => {
    const bad = await open();
    const good = await open();
    bad.watch.watchConversation('not-mine', 0);
    await pass(1_000);
    expect(leader()).toBe(good);
    expect(bad.heard.take()).toContain('refused NOT_YOURS');
    write(1);
    await pass(100);
    expect(good.entries).toEqual([1]);
  });

  it('lets a tab watch on its own when all tabs together would watch more than 64 conversations', async () => {
    for (let index = 2; index <= 90; index += 1) service.addConversation(`c${index}`);
    const first = await open();
    for (let index = 2; index <= 40; index += 1) first.watch.watchConversation(`c${index}`, 0);
    await pass(100);
    const second = await open('nothing');
    for (let index = 41; index <= 90; index += 1) second.watch.watchConversation(`c${index}`, 0);
    await pass(200);
    expect(service.open.map(({ request }) => request.cursors.length).sort()).toEqual([40, 50]);
    service.message('c90', 'text');
    service.message('c1', 'text');
    await pass(100);
    expect(second.heard.takeSeqs('c90')).toEqual([1]);
    expect(first.entries).toEqual([1]);
  });

  it('refuses a page more than 64 conversations', async () => {
    const page = await open('nothing');
    for (let index = 1; index <= 64; index += 1) page.watch.watchConversation(`c${index}`, 0);
    expect(() => page.watch.watchConversation('one more', 0)).toThrow(RangeError);
    page.watch.stop();
  });

  it('keeps the tabs of two people apart', async () => {
    const ana = await open();
    const maria = await open(0, { login: 'maria' });
    expect(service.open).toHaveLength(2);
    write(1);
    await settle();
    expect([ana.entries, maria.entries]).toEqual([[1], [1]]);
  });

  it('forgets what it watched when somebody else signs in, and joins the tabs of that person', async () => {
    const page = await open();
    const maria = await open('nothing', { login: 'maria' });
    await page.session.signIn('maria', 'right', Audience.UNSPECIFIED);
    await pass(200);
    expect(page.heard.take()).toContain('signed-out');
    expect(page.watch.status).toBe('live');
    expect(service.open).toHaveLength(1);
    expect(service.stream.request.cursors).toEqual([]);
    write(1);
    await settle();
    expect(page.entries).toEqual([]);
    expect(maria.watch.status).toBe('live');
  });

  it('goes on in the next tab when the leader is signed out', async () => {
    await open();
    await open();
    const first = leader();
    await first.session.signOut();
    write(1);
    await pass(200);
    expect(first.watch.status).toBe('signed-out');
    expect(leader()).not.toBe(first);
    expect(leader().entries).toEqual([1]);
    expect(first.entries).toEqual([]);
  });

  it('is a watch of its own in each tab where the browser has no locks', async () => {
    const first = await open(0, { alone: true });
    const second = await open(0, { alone: true });
    write(2);
    await settle();
    expect(service.open).toHaveLength(2);
    for (const page of [first, second]) {
      expect(page.entries).toEqual([1, 2]);
      expect(page.watch.status).toBe('live');
    }
  });

  it.each(seqs(1, 40))(
    'tells each tab every entry once and in order, whatever happens to tabs and streams (%d)',
    async (seed) => {
      const random = randomFrom(seed);
      const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
      const everyPage: Page[] = [];
      const cursors = new Map<Page, number>();
      const openAt = async (): Promise<void> => {
        const afterSeq = Math.floor(random() * (service.conversation('c1').entries.length + 1));
        const page = await open(afterSeq);
        cursors.set(page, afterSeq);
        everyPage.push(page);
      };
      for (let index = 0; index < 3; index += 1) await openAt();
      const frozen = new Set<Page>();
      for (let step = 0; step < 60; step += 1) {
        const page = pick(pages);
        const dice = random();
        if (dice < 0.4) write(1 + Math.floor(random() * 3));
        else if (dice < 0.5 && pages.length < 6) await openAt();
        else if (dice < 0.6 && pages.length > 1 && page !== undefined) {
          frozen.delete(page);
          kill(page);
        } else if (dice < 0.7 && page !== undefined && frozen.size < pages.length - 1) {
          page.tab.freeze();
          frozen.add(page);
        } else if (dice < 0.8) {
          const thawing = pick([...frozen]);
          thawing?.tab.thaw();
          if (thawing !== undefined) frozen.delete(thawing);
        } else if (dice < 0.85) pick(service.open)?.fail(new ConnectError('away', Code.Unavailable));
        else if (dice < 0.9) page?.tab.loseNext(1 + Math.floor(random() * 4));
        else if (dice < 0.95) page?.watch.wake();
        await pass(Math.floor(random() * 900));
      }
      for (const page of frozen) page.tab.thaw();
      await pass(15_000);
      const last = service.conversation('c1').entries.length;
      for (const page of everyPage) {
        const from = (cursors.get(page) ?? 0) + 1;
        const isAlive = pages.includes(page);
        expect(page.entries).toEqual(seqs(from, isAlive ? last : from + page.entries.length - 1));
        if (isAlive) expect(page.watch.status).toBe('live');
      }
      expect(service.open).toHaveLength(1);
    },
  );
});
