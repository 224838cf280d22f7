import { Code } from '@connectrpc/connect';
import { ChatError } from '@energy-chat/client';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryInbox } from '../testing/memory-inbox.js';
import { InboxStore } from './inbox-store.js';

let store: InboxStore | undefined;

afterEach(() => store?.stop());

function opened(service: MemoryInbox): { readonly inbox: InboxStore; readonly arrived: string[] } {
  const inbox = new InboxStore(service.parts);
  store = inbox;
  const arrived: string[] = [];
  inbox.onNewClient(({ id }) => arrived.push(id));
  inbox.start();
  return { inbox, arrived };
}

const ids = (inbox: InboxStore): string[] => inbox.rows().map(({ id }) => id);
const settled = (inbox: InboxStore, expected: readonly string[]): Promise<void> =>
  vi.waitFor(() => expect(ids(inbox)).toEqual(expected));

/** So many that one page does not hold them, the longest wait first. */
function fill(service: MemoryInbox, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `c${String(index).padStart(4, '0')}`);
  for (const [index, id] of names.entries()) service.store({ id, awaiting: 1_000 + index, lastEntry: 1_000 + index });
  return names;
}

describe('the inbox', () => {
  it('watches before it lists, so that nothing falls between', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    const { inbox } = opened(service);
    expect(service.isInboxWatched).toBe(true);
    expect(service.asked).toEqual([]);
    expect(inbox.isLoaded()).toBe(false);
    service.caughtUp();
    await settled(inbox, ['ana']);
    expect(inbox.isLoaded()).toBe(true);
  });

  it('moves a row to the list where it belongs', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    service.store({ id: 'dan', awaiting: 2 });
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, ['ana', 'dan']);
    service.change({ id: 'ana', case: 'mine', awaiting: 1 });
    expect(ids(inbox)).toEqual(['dan']);
    inbox.show(InboxFilter.MINE);
    await settled(inbox, ['ana']);
    service.change({ id: 'ana', case: 'none' });
    expect(ids(inbox)).toEqual([]);
    inbox.show(InboxFilter.CLOSED);
    await settled(inbox, ['ana']);
  });

  it('moves a row within its list when its client gets a word or waits for one', async () => {
    const service = new MemoryInbox();
    for (const [at, id] of ['one', 'two', 'three'].entries()) service.store({ id, case: 'mine', awaiting: at + 1 });
    const { inbox } = opened(service);
    inbox.show(InboxFilter.MINE);
    service.caughtUp();
    await settled(inbox, ['one', 'two', 'three']);
    service.change({ id: 'one', case: 'mine', lastEntry: 200 });
    expect(ids(inbox)).toEqual(['two', 'three', 'one']);
    service.change({ id: 'one', case: 'mine', awaiting: 300, lastEntry: 300 });
    expect(ids(inbox)).toEqual(['two', 'three', 'one']);
    service.change({ id: 'two', case: 'mine', lastEntry: 400 });
    expect(ids(inbox)).toEqual(['three', 'one', 'two']);
  });

  it('keeps the higher version, whether a page or the watch brought it', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    service.holdsAnswers = true;
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(service.asked).toHaveLength(1));
    service.change({ id: 'ana', case: 'others', awaiting: 1 });
    service.release();
    await vi.waitFor(() => expect(inbox.isLoaded()).toBe(true));
    expect(ids(inbox)).toEqual([]);
    expect(inbox.row('ana')?.version).toBe(2);
    service.change({ id: 'ana', version: 1, awaiting: 1 });
    expect(inbox.row('ana')?.version).toBe(2);
  });

  it('keeps a row that was told while an older page was on its way', async () => {
    const service = new MemoryInbox();
    service.holdsAnswers = true;
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(service.asked).toHaveLength(1));
    service.change({ id: 'new', awaiting: 1 });
    service.release();
    await vi.waitFor(() => expect(inbox.isLoaded()).toBe(true));
    expect(ids(inbox)).toEqual(['new']);
  });

  it('does not keep a row for good that was told just before it left untold', async () => {
    const service = new MemoryInbox();
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(inbox.isLoaded()).toBe(true));
    service.change({ id: 'ana', awaiting: 1 });
    service.store({ id: 'ana', case: 'none' });
    service.caughtUp();
    await vi.waitFor(() => expect(ids(inbox)).toEqual([]), 5_000);
  });

  it('loads what is looked at again after each caught-up, and drops what left meanwhile', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    service.store({ id: 'dan', awaiting: 2 });
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, ['ana', 'dan']);
    service.store({ id: 'ana', case: 'none' });
    service.store({ id: 'eva', awaiting: 3 });
    service.caughtUp();
    await settled(inbox, ['dan', 'eva']);
  });

  it('asks again when it catches up while a page is on its way', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    service.holdsAnswers = true;
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(service.asked).toHaveLength(1));
    service.store({ id: 'dan', awaiting: 2 });
    service.caughtUp();
    service.holdsAnswers = false;
    service.release();
    await settled(inbox, ['ana', 'dan']);
  });

  it('forgets all versions when the log was restored from a backup', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', version: 9, awaiting: 1 });
    const { inbox } = opened(service);
    service.caughtUp('one');
    await settled(inbox, ['ana']);
    service.store({ id: 'ana', version: 2, case: 'mine', awaiting: 1 });
    service.caughtUp('two');
    await settled(inbox, []);
  });

  it('counts again when a row changes its list', async () => {
    const service = new MemoryInbox();
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(inbox.counts()?.waiting).toBe(0));
    service.change({ id: 'ana', awaiting: 1 });
    await vi.waitFor(() => expect(inbox.counts()?.waiting).toBe(1), 3_000);
  });

  it('says why a page could not be loaded, and loads it on request', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 1 });
    service.refusal = new ChatError(Code.Unavailable, '', 'The service is away.');
    const { inbox } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(inbox.failure()?.code).toBe(Code.Unavailable));
    expect(service.asked).toHaveLength(1);
    inbox.retry();
    await settled(inbox, ['ana']);
    expect(inbox.failure()).toBeUndefined();
  });

  it('knows in which conversations the client types, and ignores colleagues', () => {
    const service = new MemoryInbox();
    const { inbox } = opened(service);
    const ana = { conversationId: 'c1', personId: 'ana', displayName: 'Ana', side: Side.CLIENT };
    const ion = { conversationId: 'c2', personId: 'ion', displayName: 'Ion', side: Side.SUPPORT };
    service.tell((each) => each.typing?.(ana, true));
    service.tell((each) => each.typing?.(ion, true));
    expect([...inbox.typing()]).toEqual(['c1']);
    service.tell((each) => each.typing?.(ana, false));
    expect([...inbox.typing()]).toEqual([]);
  });
});

describe('a list longer than a page', () => {
  it('loads on as it is scrolled, without repeats or gaps', async () => {
    const service = new MemoryInbox();
    const all = fill(service, 250);
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, all.slice(0, 100));
    inbox.lookAt(80, 95);
    await settled(inbox, all.slice(0, 200));
    inbox.lookAt(190, 200);
    await settled(inbox, all);
    expect(inbox.hasMore()).toBe(false);
  });

  it('shows no row below what was loaded, until that is loaded', async () => {
    const service = new MemoryInbox();
    const all = fill(service, 150);
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, all.slice(0, 100));
    service.change({ id: 'last', awaiting: 9_000 });
    expect(ids(inbox)).toEqual(all.slice(0, 100));
    inbox.lookAt(90, 100);
    await settled(inbox, [...all, 'last']);
  });

  it('skips nothing when the last row that was loaded moves away', async () => {
    const service = new MemoryInbox();
    const all = fill(service, 150);
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, all.slice(0, 100));
    service.change({ id: 'c0099', case: 'others' });
    inbox.lookAt(90, 99);
    await settled(
      inbox,
      all.filter((id) => id !== 'c0099'),
    );
  });

  it('loads only the pages that are looked at again, each when it is looked at', async () => {
    const service = new MemoryInbox();
    const all = fill(service, 350);
    const { inbox } = opened(service);
    service.caughtUp();
    for (const end of [100, 200, 300]) {
      await settled(inbox, all.slice(0, end));
      inbox.lookAt(end - 20, end);
    }
    await settled(inbox, all);
    for (const gone of ['c0050', 'c0150', 'c0250']) service.store({ id: gone, case: 'others' });
    for (const come of [0, 1, 2]) service.store({ id: `new${come}`, awaiting: 1_250.5, lastEntry: 1_250.5 });
    inbox.lookAt(260, 270);
    const before = service.asked.length;
    service.caughtUp();
    await vi.waitFor(() => expect(ids(inbox)).toContain('new2'));
    expect(ids(inbox)).not.toContain('c0250');
    expect(ids(inbox)).toContain('c0150');
    inbox.lookAt(100, 110);
    await settled(
      inbox,
      service.list(InboxFilter.WAITING).map(({ id }) => id),
    );
    // The first, the third in two parts because it has grown, then the second.
    expect(service.asked.length - before).toBe(4);
  });

  it('begins at the top when the service does not know its tokens any more', async () => {
    const service = new MemoryInbox();
    const all = fill(service, 150);
    const { inbox } = opened(service);
    service.caughtUp();
    await settled(inbox, all.slice(0, 100));
    service.forgetTokens();
    inbox.lookAt(90, 100);
    await settled(inbox, all);
  });
});

describe('a new client', () => {
  it('is told once, however often the row changes', async () => {
    const service = new MemoryInbox();
    const { inbox, arrived } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(inbox.isLoaded()).toBe(true));
    service.change({ id: 'ana', awaiting: 500, lastEntry: 500, waitingSince: 500 });
    service.change({ id: 'ana', awaiting: 500, lastEntry: 502, waitingSince: 500 });
    expect(arrived).toEqual(['ana']);
  });

  it('is not told of those who waited when the page was opened, nor when they write again', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 500, lastEntry: 500 });
    const { inbox, arrived } = opened(service);
    service.caughtUp();
    await settled(inbox, ['ana']);
    // Somebody's page has told that it holds the message: the row changes, the entries do not.
    service.change({ id: 'ana', awaiting: 500, lastEntry: 500 });
    service.change({ id: 'ana', awaiting: 500, lastEntry: 560, waitingSince: 500 });
    service.change({ id: 'unheard', awaiting: 400, lastEntry: 560, waitingSince: 400 });
    service.change({ id: 'unheard too', awaiting: 450, lastEntry: 450 });
    expect(arrived).toEqual([]);
  });

  it('is told after a loss of the line, and those from before it are not', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', awaiting: 500, lastEntry: 500 });
    const { inbox, arrived } = opened(service);
    service.caughtUp();
    await settled(inbox, ['ana']);
    service.store({ id: 'ana', awaiting: 500, lastEntry: 640, waitingSince: 500 });
    service.store({ id: 'dan', awaiting: 600, lastEntry: 600 });
    service.caughtUp();
    await settled(inbox, ['ana', 'dan']);
    expect(arrived).toEqual(['dan']);
  });

  it('is told again when a colleague puts the case back, and not to whom did so', async () => {
    const service = new MemoryInbox();
    service.store({ id: 'ana', case: 'others' });
    service.store({ id: 'dan', case: 'mine' });
    const { inbox, arrived } = opened(service);
    service.caughtUp();
    await vi.waitFor(() => expect(inbox.isLoaded()).toBe(true));
    inbox.show(InboxFilter.MINE);
    await settled(inbox, ['dan']);
    service.change({ id: 'ana', awaiting: 90, lastEntry: 200, waitingSince: 200, revision: 3 });
    service.change({ id: 'dan', awaiting: 90, lastEntry: 200, waitingSince: 200, revision: 3 });
    expect(arrived).toEqual(['ana']);
  });
});
