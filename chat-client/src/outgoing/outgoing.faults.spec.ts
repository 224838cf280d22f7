import { Code, ConnectError } from '@connectrpc/connect';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConversationView } from '../conversation-view.js';
import { MemoryBrowser } from '../testing/memory-browser.js';
import { MemoryOutgoingStore } from '../testing/memory-outgoing-store.js';
import { MemoryService } from '../testing/memory-service.js';
import { OutgoingTab } from '../testing/outgoing-tab.js';
import { randomFrom } from '../testing/random.js';
import { pass, settle, useFakeTime } from '../testing/time.js';
import { Watch } from '../watch.js';

const away = new ConnectError('away', Code.Unavailable);

/** A tab with its thread, which looks at every change whether each message stands in it once. */
class Thread {
  readonly watch: Watch;
  readonly view: ConversationView;
  readonly wrong: string[] = [];
  private readonly known = new Set<string>();

  constructor(readonly tab: OutgoingTab) {
    const { chat, session, outgoing, transport } = tab;
    this.watch = new Watch(transport, session);
    this.watch.start();
    this.view = new ConversationView('c1', { chat, session, outgoing, watch: this.watch }, () => this.look());
  }

  get texts(): string[] {
    const { entries, pending } = this.view;
    const inLog = entries.map(({ content }) => (content.case === 'message' ? content.value.text : ''));
    return [...inLog, ...pending.map(({ text }) => text)];
  }

  close(end: 'kill' | 'close'): void {
    this.view.close();
    this.watch.stop();
    this.tab[end]();
  }

  private look(): void {
    const { texts } = this;
    if (new Set(texts).size < texts.length) this.wrong.push(`twice: ${texts.join(', ')}`);
    for (const text of texts) this.known.add(text);
    const missing = [...this.known].filter((text) => !texts.includes(text));
    if (missing.length > 0) this.wrong.push(`missing: ${missing.join(', ')}`);
  }
}

describe('the outgoing queue under faults', () => {
  beforeEach(useFakeTime);
  afterEach(() => void vi.useRealTimers());

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'brings every message into the log once and in order, and shows it once in every tab meanwhile (seed %d)',
    async (seed) => {
      const random = randomFrom(seed);
      const service = new MemoryService();
      service.cookie = '';
      const browser = new MemoryBrowser();
      const store = new MemoryOutgoingStore();
      const written = new Map<OutgoingTab, string[]>();
      const threads: Thread[] = [];
      const everyThread: Thread[] = [];
      let tabs = 0;

      const openThread = async (): Promise<void> => {
        const tab = new OutgoingTab(service, browser, { store });
        tabs += 1;
        if (tabs === 1) await tab.session.signIn('ana', 'right', Audience.CLIENT);
        else {
          const resumed = tab.session.resume();
          await pass(100);
          await resumed;
        }
        written.set(tab, []);
        const thread = new Thread(tab);
        await thread.view.open({ deadlineMs: 60_000 });
        threads.push(thread);
        everyThread.push(thread);
      };
      const any = (): Thread => threads[Math.floor(random() * threads.length)] ?? fail();
      const fail = (): never => {
        throw new Error('No tab is open.');
      };
      const write = async (): Promise<void> => {
        const { tab, view } = any();
        const texts = written.get(tab) ?? [];
        const text = `tab ${[...written.keys()].indexOf(tab)} text ${texts.length}`;
        texts.push(text);
        view.send(text);
        // As long as a database takes: what is not kept may die with its tab.
        await settle();
      };
      const faults: (() => void | Promise<void>)[] = [
        () => service.fail('SendMessage', away, 2),
        () => service.fail('SendMessage', away, 2, 'after'),
        () => service.open.at(-1)?.fail(away),
        () => any().tab.outgoing.networkChanged(),
        () => any().tab.outgoing.wake(),
        () => any().tab.freeze(),
        () => threads.forEach(({ tab }) => tab.thaw()),
        async () => {
          if (threads.length > 1) threads.splice(Math.floor(random() * threads.length), 1)[0]?.close('kill');
          else await openThread();
        },
        async () => {
          if (threads.length > 1) threads.splice(Math.floor(random() * threads.length), 1)[0]?.close('close');
          else await openThread();
        },
      ];

      await openThread();
      await openThread();
      for (let step = 0; step < 40; step += 1) {
        await write();
        if (random() < 0.5) await faults[Math.floor(random() * faults.length)]?.();
        await pass(random() * 400);
      }
      threads.forEach(({ tab }) => tab.thaw());
      service.heal();
      await pass(30_000);

      const log = service
        .conversation('c1')
        .entries.map(({ content }) => (content.case === 'message' ? content.value.text : ''));
      expect(new Set(log).size).toBe(log.length);
      const all = [...written.values()];
      expect(new Set(log)).toEqual(new Set(all.flat()));
      for (const texts of all) expect(log.filter((text) => texts.includes(text))).toEqual(texts);
      for (const thread of threads) expect([thread.view.pending, thread.texts]).toEqual([[], log]);
      expect(everyThread.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(store.kept.size).toBe(0);
      for (const thread of threads) thread.close('close');
      await settle();
    },
  );
});
