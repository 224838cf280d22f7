import { Code } from '@connectrpc/connect';
import { type Browser, type BrowserContext, expect, type Page, test } from '@playwright/test';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { launchBrowser } from './support/browser.js';
import { type Edge, embeddedEdge, envoyEdge } from './support/edge.js';
import { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { serveTabPage } from './support/tab-bundle.js';
import { Undo } from './support/undo.js';
import { oneTo } from './support/words.js';

/** More than the six connections that a browser opens to one origin by HTTP/1.1. */
const TABS = 8;

const undo = new Undo();
const edges: Record<string, Edge> = {};
let replica: Replica;
let browser: Browser;

test.beforeAll(async () => {
  const folder = ownFolder('e2e');
  undo.later(() => Promise.resolve(folder.release()));
  replica = await Replica.make('tabs', folder.path, {
    DATA_DIRECTORY: folder.path,
    HEARTBEAT_SECONDS: '2',
    // So short that the tabs have to refresh while the test runs.
    ACCESS_TOKEN_SECONDS: '20',
  });
  undo.later(() => replica.kill());
  await replica.start();
  const embedded = await embeddedEdge(replica.address);
  undo.later(() => embedded.close());
  const envoy = await envoyEdge([replica.address]);
  undo.later(() => envoy.close());
  Object.assign(edges, { 'the embedded edge': embedded, Envoy: envoy });
  browser = await launchBrowser();
  undo.later(() => browser.close());
});

test.afterAll(() => undo.all());

for (const [index, name] of ['the embedded edge', 'Envoy'].entries()) {
  test.describe.serial(`eight tabs of one browser at ${name}`, () => {
    let context: BrowserContext;
    let origin: string;
    let url: string;
    let tabs: Page[] = [];
    let written = 0;

    const openTab = async (): Promise<Page> => {
      const tab = await context.newPage();
      tab.on('pageerror', (error) => expect(error).toBeUndefined());
      await tab.goto(url);
      return tab;
    };
    const seqsOf = (tab: Page): Promise<number[]> => tab.evaluate(() => [...window.page.seqs]);
    const everybodyHas = async (withinMs: number): Promise<void> => {
      await Promise.all(tabs.map((tab) => soon(async () => (await seqsOf(tab)).length, withinMs).toBe(written)));
      for (const tab of tabs) expect(await seqsOf(tab)).toEqual(oneTo(written));
    };
    const send = async (tab: Page, text: string): Promise<void> => {
      await tab.evaluate((words) => window.page.send(words), text);
      // The first message also opens a case.
      written += written === 0 ? 2 : 1;
    };
    /** The tab whose stream the others hear. */
    const leader = async (): Promise<Page> => {
      for (const tab of tabs) if (await tab.evaluate(() => window.page.isLeading())) return tab;
      throw new Error('No tab leads.');
    };

    test.beforeAll(async () => {
      const edge = edges[name];
      if (edge === undefined) throw new Error(`${name} was not started.`);
      origin = `http://${edge.clientEdge}`;
      context = await browser.newContext();
      url = await serveTabPage(context, origin);
    });
    test.afterAll(() => context.close());

    test('are all live and can all send, over HTTP/1.1', async () => {
      const first = await openTab();
      tabs.push(first);
      await first.evaluate(([login, password]) => window.page.signIn(login, password), [
        `client${index + 1}`,
        DEMO_PASSWORD,
      ] as const);
      await first.evaluate(() => window.page.open());
      for (const _ of oneTo(TABS - 1)) {
        const tab = await openTab();
        tabs.push(tab);
        expect(await tab.evaluate(() => window.page.resume())).toBe(true);
        await tab.evaluate(() => window.page.open());
      }
      await Promise.all(tabs.map((tab) => soon(() => tab.evaluate(() => window.page.status)).toBe('live')));
      for (const [number, tab] of tabs.entries()) await send(tab, `from tab ${number}`);
      await everybodyHas(2_000);
      const streaming = await leader();
      for (const tab of tabs) expect(await tab.evaluate(() => window.page.watches > 0)).toBe(tab === streaming);
    });

    test('are told why a message is too long, on connections that still work', async () => {
      const [tab] = tabs;
      const refusal = await tab?.evaluate(() => window.page.refusalOf('x'.repeat(300_000)));
      expect(refusal).toBe(Code.ResourceExhausted);
      if (tab !== undefined) await send(tab, 'short again');
      await everybodyHas(2_000);
    });

    test('have a leader that is killed replaced within 2 s, and nobody misses or repeats anything', async () => {
      const dying = await leader();
      tabs = tabs.filter((tab) => tab !== dying);
      const [sender] = tabs;
      if (sender === undefined) throw new Error('No tab is left.');
      const session = await context.newCDPSession(dying);
      void session.send('Page.crash').catch(() => undefined);
      for (const number of oneTo(5)) await send(sender, `after the end ${number}`);
      await everybodyHas(2_000);
      expect(await leader()).not.toBe(dying);
    });

    test('have a leader that is closed replaced, and one that stands still', async () => {
      const closing = await leader();
      tabs = tabs.filter((tab) => tab !== closing);
      await closing.close();
      const [sender] = tabs;
      if (sender === undefined) throw new Error('No tab is left.');
      await send(sender, 'after the close');
      await everybodyHas(2_000);

      const frozen = await leader();
      const session = await context.newCDPSession(frozen);
      await session.send('Debugger.enable');
      await session.send('Debugger.pause');
      const others = tabs.filter((tab) => tab !== frozen);
      const all = tabs;
      tabs = others;
      const [other] = others;
      if (other === undefined) throw new Error('No tab is left.');
      await send(other, 'while it stands still');
      await everybodyHas(4_000);
      await session.send('Debugger.resume');
      await session.send('Debugger.disable');
      tabs = all;
      await send(other, 'when it goes on');
      await everybodyHas(4_000);
    });

    test('share one refresh', async () => {
      const count = async (): Promise<number> => {
        const each = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.page.refreshes)));
        return each.reduce((sum, one) => sum + one, 0);
      };
      const before = await count();
      await soon(count, 20_000).toBeGreaterThan(before);
      await send(tabs[0] ?? (await leader()), 'with a new token');
      await everybodyHas(2_000);
      expect(await count()).toBe(before + 1);
    });

    test('are all signed out when one of them is', async () => {
      await tabs[0]?.evaluate(() => window.page.signOut());
      await Promise.all(tabs.map((tab) => soon(() => tab.evaluate(() => window.page.state)).toBe('SIGNED_OUT')));
      for (const tab of tabs) expect(await tab.evaluate(() => window.page.status)).toBe('signed-out');
    });
  });
}
