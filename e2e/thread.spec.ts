/// <reference lib="dom" />
import { type Browser, expect, type Locator, type Page, test } from '@playwright/test';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { expectAccessible } from './support/axe.js';
import { launchBrowser } from './support/browser.js';
import { fillConversation } from './support/long-conversation.js';
import { type DeployedSite, envoySite } from './support/site.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';

const LENGTH = 10_000;
/** Lines of entries in the page at once, and what stands between them. */
const MOST_LINES = 300 + 60;

test.describe.serial('a thread of 10,000 entries', () => {
  const undo = new Undo();
  let site: DeployedSite;
  let browser: Browser;
  let ana: ClientPage;
  let maria: AdminPage;

  const somebody = async (url: string): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  const lineOf = ({ thread }: ClientPage, seq: number): Locator => thread.scroller.locator(`[data-seq="${seq}"]`);
  const entry = (seq: number): Locator => lineOf(ana, seq);
  const lines = (): Promise<number> => ana.thread.scroller.locator('li').count();

  test.beforeAll(async () => {
    site = await envoySite();
    undo.later(() => site.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    await fillConversation(site, 1, { length: LENGTH, unread: 0 });
    await fillConversation(site, 3, { length: 400, unread: 200 });
    ana = new ClientPage(await somebody(site.clientPortal));
    maria = new AdminPage(await somebody(site.adminPortal));
    await ana.signIn('client1');
    await maria.signIn('admin1');
  });

  test.afterAll(() => undo.all());

  test('opens at the last one, with one page of them', async () => {
    await ana.openChat();
    await expect(entry(LENGTH)).toBeInViewport();
    expect(await lines()).toBeLessThan(MOST_LINES);
    await expectAccessible(ana.page);
  });

  test('scrolls up: nothing moves when a page arrives, and the page holds ever as few', async () => {
    const { farthest, most, pages } = await ana.thread.scroller.evaluate(scrollUpTo, LENGTH - 1_500);
    expect(pages).toBeGreaterThan(10);
    expect(most).toBeLessThan(MOST_LINES);
    expect(farthest, 'pixels that what was in view has moved').toBeLessThanOrEqual(2);
  });

  test('leads down again, and to the newest one at once', async () => {
    await ana.thread.scroller.evaluate(async (scroller, seq) => {
      const last = () => Number([...scroller.querySelectorAll('[data-seq]')].at(-1)?.getAttribute('data-seq') ?? 0);
      while (last() < seq) {
        scroller.scrollTop = scroller.scrollHeight;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    }, LENGTH - 1_000);
    expect(await lines()).toBeLessThan(MOST_LINES);
    await expect(entry(LENGTH)).toHaveCount(0);
    await ana.panel.getByRole('button', { name: 'To the newest message' }).click();
    await expect(entry(LENGTH)).toBeInViewport();
    await expect(ana.thread.scroller).toBeFocused();
  });

  test('counts what arrives while its reader is elsewhere, and does not move', async () => {
    await ana.thread.write('a question');
    await maria.open('client1');
    await maria.action('Claim').click();
    await expect(ana.thread.event('admin1 is here for you')).toBeVisible();
    await ana.thread.scroller.evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollTop - 2_000 }));
    const before = await ana.thread.scroller.evaluate(firstInView);
    for (const text of ['first answer', 'second answer', 'third answer']) await maria.thread.write(text);
    const pill = ana.panel.getByRole('button', { name: '3 new messages' });
    await expect(pill).toBeVisible();
    expect(await ana.thread.scroller.evaluate(firstInView)).toEqual(before);
    await pill.click();
    await expect(ana.thread.message('third answer')).toBeInViewport();
    await expect(pill).toHaveCount(0);
  });

  test('an administrator who changes tabs finds the place again', async () => {
    const ben = new ClientPage(await somebody(site.clientPortal));
    await ben.signIn('client2');
    await ben.openChat();
    await ben.thread.write('another question');
    await maria.thread.scroller.evaluate((scroller) => scroller.scrollTo({ top: scroller.scrollTop - 2_500 }));
    const before = await maria.thread.scroller.evaluate(firstInView);
    await maria.tab('Waiting').click();
    await maria.open('client2');
    await maria.thread.expectMessage('another question');
    await maria.tab('Mine').click();
    await maria.open('client1');
    await soon(async () => (await maria.thread.scroller.evaluate(firstInView)).seq).toBe(before.seq);
    const { top } = await maria.thread.scroller.evaluate(firstInView);
    expect(Math.abs(top - before.top)).toBeLessThanOrEqual(2);
    await ben.page.context().close();
  });

  test('who missed more than a page is led to the first of it, and from there to the first of all', async () => {
    const ben = new ClientPage(await somebody(site.clientPortal));
    await ben.signIn('client3');
    await ben.openChat();
    await expect(lineOf(ben, 400)).toBeInViewport();
    await ben.panel.getByRole('button', { name: 'First new message' }).click();
    await expect(ben.thread.scroller.locator('.unread')).toBeInViewport();
    await expect(lineOf(ben, 201)).toBeFocused();
    const { farthest } = await ben.thread.scroller.evaluate(scrollUpTo, 1);
    expect(farthest, 'pixels that what was in view has moved').toBeLessThanOrEqual(2);
    await expect(lineOf(ben, 1)).toBeInViewport();
    await ben.page.context().close();
  });
});

/** The first entry that is in view, and how far below the top it stands. */
function firstInView(scroller: Element): { readonly seq: string | null; readonly top: number } {
  const edge = scroller.getBoundingClientRect().top;
  const line = [...scroller.querySelectorAll('[data-seq]')].find((each) => each.getBoundingClientRect().top >= edge);
  return {
    seq: line?.getAttribute('data-seq') ?? null,
    top: Math.round((line?.getBoundingClientRect().top ?? 0) - edge),
  };
}

/** Up to this entry, page by page. What is in view is looked at in every frame until the next page is there. */
async function scrollUpTo(
  scroller: Element,
  seq: number,
): Promise<{
  /** Pixels by which what was in view moved when a page arrived, at most. */
  readonly farthest: number;
  /** Lines that the page held, at most. */
  readonly most: number;
  readonly pages: number;
}> {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const entries = () => [...scroller.querySelectorAll('[data-seq]')];
  const firstSeq = () => Number(entries()[0]?.getAttribute('data-seq'));
  let [farthest, most, pages] = [0, 0, 0];
  while (firstSeq() > seq) {
    const before = firstSeq();
    scroller.scrollTop = 0;
    await frame();
    if (firstSeq() !== before) continue;
    const edge = scroller.getBoundingClientRect().top;
    const anchor = entries().find((line, index) => index > 0 && line.getBoundingClientRect().top >= edge);
    const top = anchor?.getBoundingClientRect().top ?? 0;
    while (firstSeq() === before) {
      await frame();
      if (anchor?.isConnected !== true) throw new Error('What was in view is gone.');
      farthest = Math.max(farthest, Math.abs(anchor.getBoundingClientRect().top - top));
      most = Math.max(most, scroller.querySelectorAll('li').length);
    }
    pages += 1;
  }
  scroller.scrollTop = 0;
  await frame();
  return { farthest, most, pages };
}
