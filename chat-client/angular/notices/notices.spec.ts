import { TestBed } from '@angular/core/testing';
import { signal } from '@angular/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryService } from '../../src/testing/memory-service.js';
import type { ChatConnection } from '../connection/chat-connection.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { openConversation, preparePage, until } from '../testing/chat-page.js';
import { MessageNotices } from './message-notices.js';
import { AUDIO } from './notice-sound.js';
import { NOTIFICATION, Notices } from './notices.js';
import type { Notice } from './notices.js';

/** A browser's sound that counts its tones, and stays suspended until it may sound. */
class MemoryAudio {
  static mayStart = true;
  static tones = 0;
  static made = 0;
  state: AudioContextState = 'suspended';
  readonly currentTime = 0;
  readonly destination = {};

  constructor() {
    MemoryAudio.made += 1;
  }

  resume(): Promise<void> {
    if (!MemoryAudio.mayStart) return new Promise(() => undefined);
    this.state = 'running';
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  createOscillator(): object {
    const start = (): void => void (MemoryAudio.tones += 1);
    return { frequency: {}, connect: (to: unknown) => to, start, stop: () => undefined };
  }

  createGain(): object {
    const set = (): void => undefined;
    const gain = { setValueAtTime: set, linearRampToValueAtTime: set, exponentialRampToValueAtTime: set };
    return { gain, connect: (to: unknown) => to };
  }
}

/** A browser's notifications. */
class MemoryNotification extends EventTarget {
  static permission = 'default';
  static asked = 0;
  static shown: MemoryNotification[] = [];
  isClosed = false;

  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {
    super();
    MemoryNotification.shown.push(this);
  }

  static requestPermission(): Promise<string> {
    MemoryNotification.asked += 1;
    MemoryNotification.permission = 'granted';
    return Promise.resolve('granted');
  }

  close(): void {
    this.isClosed = true;
  }
}

let service: MemoryService;
let connection: ChatConnection;

/** The page, as after a load. */
async function load(login = 'ana'): Promise<Notices> {
  service = new MemoryService();
  const kept = Object.keys(localStorage).map((key) => [key, localStorage.getItem(key) ?? ''] as const);
  TestBed.resetTestingModule();
  connection = preparePage(service, 'client', undefined, [
    { provide: AUDIO, useValue: MemoryAudio },
    { provide: NOTIFICATION, useValue: MemoryNotification },
  ]);
  for (const [key, value] of kept) localStorage.setItem(key, value);
  await connection.signIn(login, 'right');
  return TestBed.inject(Notices);
}

function notice(change: Partial<Notice> = {}): Notice {
  return { id: 'c1', news: '1', title: 'Maria', text: 'New message', isSeen: () => false, open: vi.fn(), ...change };
}

/** Locks of all tabs of a browser. */
function stubLocks(): void {
  const held = new Set<string>();
  const request = async (name: string, _: unknown, work: (lock: object | null) => Promise<void>): Promise<void> => {
    if (held.has(name)) return work(null);
    held.add(name);
    await work({ name });
    held.delete(name);
  };
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { locks: { request } }));
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(MemoryAudio, { mayStart: true, tones: 0, made: 0 });
  Object.assign(MemoryNotification, { permission: 'default', asked: 0, shown: [] });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the notices of a page', () => {
  it('are none, and ask the browser nothing, until their person turns them on', async () => {
    const notices = await load();
    document.dispatchEvent(new Event('pointerdown'));
    await notices.tell(notice());
    expect(notices.choice()).toBe('not asked');
    expect([MemoryAudio.made, MemoryNotification.asked, MemoryNotification.shown.length]).toEqual([0, 0, 0]);
  });

  it('sound once when they are turned on, and then let the browser ask', async () => {
    const notices = await load();
    notices.turnOn();
    await until(() => MemoryAudio.tones === 2);
    expect(MemoryNotification.asked).toBe(1);
  });

  it('are remembered for their person, and sound not on load', async () => {
    (await load()).turnOn();
    await until(() => MemoryAudio.tones === 2);
    const again = await load();
    expect([again.choice(), MemoryAudio.tones]).toEqual(['on', 2]);
    expect((await load('maria')).choice()).toBe('not asked');
  });

  it('can be muted, and stay so', async () => {
    const notices = await load();
    notices.turnOn();
    await until(() => MemoryAudio.tones === 2);
    notices.turnOff();
    await notices.tell(notice());
    const again = await load();
    await again.tell(notice());
    expect(again.choice()).toBe('off');
    expect([MemoryAudio.tones, MemoryNotification.shown.length]).toEqual([2, 0]);
  });

  it('do not catch up with a sound that the browser did not allow', async () => {
    (await load()).turnOn();
    await until(() => MemoryAudio.tones === 2);
    MemoryAudio.mayStart = false;
    const again = await load();
    await again.tell(notice());
    expect(MemoryNotification.shown).toHaveLength(1);
    expect(MemoryAudio.tones).toBe(2);
  });

  it('name who wrote and never what, lead to it by a click, and go when it is read', async () => {
    const notices = await load();
    notices.turnOn();
    const open = vi.fn();
    const focused = vi.spyOn(window, 'focus').mockImplementation(() => undefined);
    await notices.tell(notice({ open }));
    const [shown] = MemoryNotification.shown;
    expect([shown?.title, shown?.options.body]).toEqual(['Maria', 'New message']);
    shown?.dispatchEvent(new Event('click'));
    expect([open.mock.calls.length, focused.mock.calls.length, shown?.isClosed]).toEqual([1, 1, true]);
    await notices.tell(notice({ news: '2' }));
    notices.clear('c1');
    expect(MemoryNotification.shown.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it('come once among tabs, and not at all when one of them shows the news to their person', async () => {
    stubLocks();
    const notices = await load();
    notices.turnOn();
    void notices.tell(notice());
    void notices.tell(notice());
    await until(() => MemoryNotification.shown.length > 0);
    void notices.tell(notice({ news: '2' }));
    void notices.tell(notice({ news: '2', isSeen: () => true }));
    void notices.tell(notice({ news: '3' }));
    await until(() => MemoryNotification.shown.length > 1);
    expect(MemoryNotification.shown).toHaveLength(2);
  });
});

describe('the notices of messages', () => {
  const isOpen = signal(false);
  const unread = signal(1);
  let store: ConversationStore;
  let told: Notice[];

  beforeEach(async () => {
    await load();
    service.message('c1', 'from before', service.admin);
    store = await openConversation(connection);
    isOpen.set(false);
    unread.set(1);
    told = [];
    vi.spyOn(TestBed.inject(Notices), 'tell').mockImplementation((one) => {
      told.push(one);
      return Promise.resolve();
    });
    TestBed.runInInjectionContext(() => {
      TestBed.inject(MessageNotices).follow({ store: () => store, isOpen, unread, open: () => undefined });
    });
    TestBed.tick();
  });

  const seqs = (): number[] => store.entries().map(({ seq }) => seq);

  it('tell of what comes, not of what was there, and not of one’s own', async () => {
    service.message('c1', 'my own');
    await until(() => seqs().length === 2);
    TestBed.tick();
    expect(told).toEqual([]);
    service.message('c1', 'an answer', service.admin);
    await until(() => seqs().length === 3);
    TestBed.tick();
    expect(told.map(({ news, text }) => [news, text])).toEqual([['3', 'New message']]);
    // As in the moment between an entry and the number of unread ones.
    unread.set(0);
    expect(told[0]?.isSeen()).toBe(false);
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    isOpen.set(true);
    expect(told[0]?.isSeen()).toBe(true);
  });

  it('are cleared when all is read', () => {
    const clear = vi.spyOn(TestBed.inject(Notices), 'clear');
    unread.set(0);
    TestBed.tick();
    expect(clear).toHaveBeenCalledWith('c1');
  });

  it('are offered when their person has written, and no more once they answered', async () => {
    const messages = TestBed.inject(MessageNotices);
    expect(messages.isOffered()).toBe(false);
    service.message('c1', 'my own');
    await until(() => seqs().length === 2);
    TestBed.tick();
    expect(messages.isOffered()).toBe(true);
    TestBed.inject(Notices).turnOff();
    expect(messages.isOffered()).toBe(false);
  });

  it('are offered when an answer came while their person was away', async () => {
    service.message('c1', 'an answer', service.admin);
    await until(() => seqs().length === 2);
    TestBed.tick();
    expect(TestBed.inject(MessageNotices).isOffered()).toBe(true);
  });
});
