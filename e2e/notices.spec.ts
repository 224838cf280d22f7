/// <reference lib="dom" />
import { type Browser, type BrowserContext, expect, type Locator, type Page, test } from '@playwright/test';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { expectAccessible } from './support/axe.js';
import { launchBrowser } from './support/browser.js';
import { type Noticed, setInFront, stubNotices } from './support/notice-stubs.js';
import { embeddedSite, type Site } from './support/site.js';
import { Undo } from './support/undo.js';

const TONES = ['tone', 'tone'];
const NOTIFICATION = 'notification admin1: New message';

test.describe.serial('notices of new messages', () => {
  const undo = new Undo();
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let noticed: Noticed;
  let ana: ClientPage;
  let second: ClientPage;
  let maria: AdminPage;

  const open = async (url: string, within: BrowserContext): Promise<Page> => {
    const page = await within.newPage();
    await page.goto(url);
    return page;
  };
  const offer = ({ panel }: ClientPage): Locator => panel.getByRole('region', { name: 'Sound and notifications' });
  const bell = ({ panel }: ClientPage): Locator => panel.getByRole('button', { name: 'Sound and notifications' });
  const badge = ({ page }: ClientPage): Locator => page.locator('portal-chat-button .badge');
  const icon = ({ page }: ClientPage): Promise<string> =>
    page.evaluate(() => document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? '');

  test.beforeAll(async () => {
    site = await embeddedSite();
    undo.later(() => site.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
    noticed = await stubNotices(context);
    ana = new ClientPage(await open(site.clientPortal, context));
    maria = new AdminPage(await open(site.adminPortal, await browser.newContext({ locale: 'en-GB' })));
    await ana.signIn('client1');
    await maria.signIn('admin1');
  });

  test.afterAll(() => undo.all());

  test('are offered after the first message, and not before', async () => {
    await ana.openChat();
    await expect(ana.thread.scroller).toHaveAttribute('aria-busy', 'false');
    await expect(offer(ana)).toHaveCount(0);
    await expect(bell(ana)).toHaveCount(0);
    await ana.thread.write('my bill is wrong');
    await expect(offer(ana)).toBeVisible();
    await expectAccessible(ana.page);
    expect(noticed.told).toEqual([]);
  });

  test('are turned on by a click, which sounds once and lets the browser ask', async () => {
    await offer(ana).getByRole('button', { name: 'Yes, tell me' }).click();
    await expect(offer(ana)).toHaveCount(0);
    await expect(bell(ana)).toHaveAttribute('aria-pressed', 'true');
    await expectAccessible(ana.page);
    await expect.poll(() => noticed.told.splice(0).sort()).toEqual(['asked', ...TONES]);
  });

  test('stay on for who is back, and sound not on load', async () => {
    await ana.page.reload();
    await ana.expectSignedIn('client1');
    await ana.openChat();
    await expect(bell(ana)).toHaveAttribute('aria-pressed', 'true');
    await ana.thread.write('are you there?');
    await ana.thread.expectTick('are you there?', 'Sent');
    await expect(offer(ana)).toHaveCount(0);
    second = new ClientPage(await open(site.clientPortal, context));
    await second.expectSignedIn('client1');
    await second.openChat();
    await second.thread.expectMessage('are you there?');
    expect(noticed.told).toEqual([]);
  });

  test('are none for what is read at once or was written in another tab, and one among two tabs else', async () => {
    await maria.open('client1');
    await maria.action('Claim').click();
    await maria.thread.write('I am here');
    await maria.thread.expectTick('I am here', 'Read');
    for (const tab of [ana, second]) await setInFront(tab.page, false);
    await ana.thread.write('from the one tab');
    await second.thread.expectMessage('from the one tab');
    // A notice of either would come before those of these.
    for (const [number, text] of ['let me see', 'it is right'].entries()) {
      await maria.thread.write(text);
      await second.thread.expectMessage(text);
      const both = Array.from({ length: number + 1 }, () => [NOTIFICATION, ...TONES]).flat();
      await expect.poll(() => noticed.told).toEqual(both);
    }
    await expect(second.page).toHaveTitle('(2) My energy');
    noticed.told.length = 0;
  });

  test('go with the title’s number and the icon’s dot when they are read', async () => {
    await expect(ana.page).toHaveTitle('(2) My energy');
    expect(await icon(ana)).toContain('%3Ccircle');
    await setInFront(ana.page, true);
    for (const tab of [ana, second]) {
      await expect(tab.page).toHaveTitle('My energy');
      await expect.poll(() => icon(tab)).not.toContain('%3Ccircle');
    }
  });

  test('come with a badge while the chat is closed, in front of the page too', async () => {
    await ana.page.getByRole('button', { name: 'Close the chat' }).click();
    await maria.thread.write('anything else?');
    await expect(badge(ana)).toHaveText('1');
    await expect(ana.page).toHaveTitle('(1) My energy');
    await expectAccessible(ana.page);
    await expect.poll(() => noticed.told).toEqual([NOTIFICATION, ...TONES]);
    await ana.page.getByRole('button', { name: 'Open the chat, 1 unread message' }).click();
    await expect(ana.page).toHaveTitle('My energy');
    noticed.told.length = 0;
  });

  test('are off once muted', async () => {
    await bell(ana).click();
    await expect(bell(ana)).toHaveAttribute('aria-pressed', 'false');
    await expectAccessible(ana.page);
    await setInFront(ana.page, false);
    await second.page.close();
    await maria.thread.write('good bye');
    await expect(ana.page).toHaveTitle('(1) My energy');
    await setInFront(ana.page, true);
    await bell(ana).click();
    // The first sound since it was muted.
    await expect.poll(() => noticed.told).toEqual(TONES);
    noticed.told.length = 0;
  });

  test('are another person’s own to choose on the same device', async () => {
    await ana.page.getByRole('button', { name: 'Sign out' }).click();
    await ana.signIn('client2');
    await ana.openChat();
    await expect(ana.thread.scroller).toHaveAttribute('aria-busy', 'false');
    await expect(bell(ana)).toHaveCount(0);
    await expect(offer(ana)).toHaveCount(0);
    await ana.thread.write('the meter is stuck');
    await expect(offer(ana)).toBeVisible();
    expect(noticed.told).toEqual([]);
  });
});
