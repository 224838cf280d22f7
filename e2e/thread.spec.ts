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
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(url).origin });
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

  test('scrolls up to the first one: nothing moves when a page arrives, and the page holds ever as few', async () => {
    const { farthest, most, pages } = await ana.thread.scroller.evaluate(scrollToFirst);
    expect(pages).toBeGreaterThan(100);
    expect(most).toBeLessThan(MOST_LINES);
    expect(farthest, 'pixels that what was in view has moved').toBeLessThanOrEqual(2);
    await expect(entry(1)).toBeInViewport();
    await expectAccessible(ana.page);
  });

  test('leads down again, and to the newest one at once', async () => {
    await ana.thread.scroller.evaluate(async (scroller) => {
      const last = () => Number([...scroller.querySelectorAll('[data-seq]')].at(-1)?.getAttribute('data-seq') ?? 0);
      while (last() < 600) {
        scroller.scrollTop = scroller.scrollHeight;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
    expect(await lines()).toBeLessThan(MOST_LINES);
    await expect(entry(1)).toHaveCount(0);
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
    await expectAccessible(ana.page);
    await pill.click();
    await expect(ana.thread.message('third answer')).toBeInViewport();
    await expect(pill).toHaveCount(0);
  });

  test('an edit is seen on the other side, and Escape gives up another', async () => {
    await ana.thread.write('the metre is stuck');
    const mine = lineOf(ana, await seqOf(ana.thread.message('the metre is stuck')));
    await maria.thread.expectMessage('the metre is stuck');
    await ana.thread.expectTick('the metre is stuck', 'Read');
    const open = mine.getByRole('button', { name: 'Edit message: the met' });
    await open.press('Enter');
    const field = mine.getByRole('textbox', { name: 'Edit your message' });
    await expect(field).toBeFocused();
    await expectAccessible(ana.page);
    await field.fill('never mind');
    await field.press('Escape');
    await expect(open).toBeFocused();
    await expect(ana.panel).toBeVisible();
    await open.press('Enter');
    await expect(field).toHaveValue('the metre is stuck');
    await field.fill('the meter is stuck, see https://example.com/meter');
    await field.press('Enter');
    await expect(open).toBeFocused();
    const theirs = maria.conversation.locator('li.message').filter({ hasText: 'the meter is stuck' });
    await expect(theirs).toContainText('edited');
    await expect(theirs.getByRole('link')).toHaveAttribute('href', 'https://example.com/meter');
    await expect(theirs.getByRole('link')).toHaveAttribute('rel', /noopener noreferrer/);
    await expect(maria.conversation.getByText('the metre is stuck', { exact: true })).toHaveCount(0);
  });

  test('what cannot be saved stays typed', async () => {
    const mine = lineOf(ana, await seqOf(ana.panel.locator('li.message').filter({ hasText: 'the meter is stuck' })));
    await mine.getByRole('button', { name: /^Edit/ }).press('Enter');
    const field = mine.getByRole('textbox', { name: 'Edit your message' });
    await field.fill('too late');
    await site.query('UPDATE entry SET created_at = created_at - ? WHERE body LIKE ?', [
      16 * 60_000_000,
      'the meter is stuck%',
    ]);
    await field.press('Enter');
    await expect(mine.getByRole('alert')).toContainText('15 minutes only');
    await expect(field).toHaveValue('too late');
    await expectAccessible(ana.page);
    await mine.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a removal is asked for first, and leaves a stub on both sides', async () => {
    await ana.thread.write('my password is 1234');
    await maria.thread.expectMessage('my password is 1234');
    const remove = ana.panel.getByRole('button', { name: 'Remove message: my password' });
    await remove.press('Enter');
    const question = ana.page.getByRole('dialog', { name: 'Remove this message?' });
    await expect(question).toBeVisible();
    await expectAccessible(ana.page);
    await ana.page.keyboard.press('Escape');
    await expect(question).toBeHidden();
    await expect(remove).toBeFocused();
    await remove.press('Enter');
    await question.getByRole('button', { name: 'Remove' }).click();
    for (const part of [ana.panel, maria.conversation]) {
      await expect(part.locator('li.message').last()).toContainText('Message removed');
      await expect(part.getByText('my password is 1234')).toHaveCount(0);
    }
    await expect(ana.panel.locator('li.message').last()).toBeFocused();
  });

  test('several messages are copied with names and times, one as it is', async () => {
    const copied = async (first: string, last: string): Promise<string> => {
      await ana.thread.scroller.evaluate(
        (scroller, [from, to]) => {
          const texts = [...scroller.querySelectorAll('chat-message-text')];
          const of = (text: string | undefined) => texts.find((each) => each.textContent === text) ?? scroller;
          getSelection()?.setBaseAndExtent(of(from), 0, of(to), of(to).childNodes.length);
        },
        [first, last],
      );
      await ana.page.keyboard.press('Control+C');
      return ana.page.evaluate(() => navigator.clipboard.readText());
    };
    await ana.thread.scroller.focus();
    await soon(() => copied('first answer', 'third answer')).toMatch(
      /^admin1, \d\d:\d\d: first answer\nadmin1, \d\d:\d\d: second answer\nadmin1, \d\d:\d\d: third answer$/,
    );
    expect(await copied('second answer', 'second answer')).toBe('second answer');
  });

  test('the thread reads well to who does not see it', async () => {
    await expect(ana.panel.locator('li.message').filter({ hasText: 'the meter is stuck' })).toMatchAriaSnapshot(`
      - listitem:
        - text: You the meter is stuck, see
        - link "https://example.com/meter"
        - paragraph:
          - text: edited
          - time
    `);
    await expect(ana.panel.locator('li.message').last()).toMatchAriaSnapshot(`
      - listitem:
        - emphasis: Message removed
        - paragraph:
          - time
    `);
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
    await maria.page.getByRole('tab', { name: /client1/ }).click();
    await soon(async () => (await maria.thread.scroller.evaluate(firstInView)).seq).toBe(before.seq);
    const { top } = await maria.thread.scroller.evaluate(firstInView);
    expect(Math.abs(top - before.top)).toBeLessThanOrEqual(2);
    await ben.page.context().close();
  });

  test('who missed more than a page is led to the first of it', async () => {
    const ben = new ClientPage(await somebody(site.clientPortal));
    await ben.signIn('client3');
    await ben.openChat();
    await expect(lineOf(ben, 400)).toBeInViewport();
    await ben.panel.getByRole('button', { name: 'First new message' }).click();
    await expect(ben.thread.scroller.locator('.unread')).toBeInViewport();
    await expect(lineOf(ben, 201)).toBeFocused();
    await expectAccessible(ben.page);
    await ben.page.context().close();
  });
});

/** Of a line whose message is in the log. */
async function seqOf(line: Locator): Promise<number> {
  await expect(line).toHaveAttribute('data-seq');
  return Number(await line.getAttribute('data-seq'));
}

/** The first entry that is in view, and how far below the top it stands. */
function firstInView(scroller: Element): { readonly seq: string | null; readonly top: number } {
  const edge = scroller.getBoundingClientRect().top;
  const line = [...scroller.querySelectorAll('[data-seq]')].find((each) => each.getBoundingClientRect().top >= edge);
  return {
    seq: line?.getAttribute('data-seq') ?? null,
    top: Math.round((line?.getBoundingClientRect().top ?? 0) - edge),
  };
}

/** Up to the first entry, page by page. What is in view is looked at in every frame until the next page is there. */
async function scrollToFirst(scroller: Element): Promise<{
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
  while (firstSeq() > 1) {
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
