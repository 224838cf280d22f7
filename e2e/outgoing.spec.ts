/// <reference lib="dom" />
import { type Browser, type BrowserContext, expect, type Page, test } from '@playwright/test';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { launchBrowser } from './support/browser.js';
import { envoySite, type Site } from './support/site.js';
import { soon } from './support/soon.js';
import { serveTabPage } from './support/tab-bundle.js';
import { Undo } from './support/undo.js';

/** A call of the service, as a browser asks for it. */
const callOf = (method: string): RegExp => new RegExp(`/energy\\.chat\\.v1\\.[A-Za-z]+/${method}$`);
const SEND = callOf('SendMessage');

const undo = new Undo();
let site: Site;
let browser: Browser;

test.beforeAll(async () => {
  site = await envoySite();
  undo.later(() => site.close());
  browser = await launchBrowser();
  undo.later(() => browser.close());
});

test.afterAll(() => undo.all());

/** A device of somebody, on which no call of these methods gets through. */
class Device {
  private constructor(private readonly context: BrowserContext) {}

  static async make(): Promise<Device> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' });
    return new Device(context);
  }

  async open(url = site.clientPortal): Promise<ClientPage> {
    const page = await this.context.newPage();
    await page.goto(url);
    return new ClientPage(page);
  }

  async openAdmin(): Promise<AdminPage> {
    const page = await this.context.newPage();
    await page.goto(site.adminPortal);
    return new AdminPage(page);
  }

  /** A tab of who is signed in here already. */
  async openAgain(login: string): Promise<ClientPage> {
    const page = await this.open();
    await page.expectSignedIn(login);
    await page.openChat();
    return page;
  }

  async block(...calls: RegExp[]): Promise<void> {
    for (const call of calls) await this.context.route(call, (route) => route.abort());
  }

  async unblock(...calls: RegExp[]): Promise<void> {
    for (const call of calls) await this.context.unroute(call);
  }

  async setOffline(isOffline: boolean): Promise<void> {
    await this.context.setOffline(isOffline);
  }

  /** Nobody signs out: somebody else just comes. */
  async loseSession(): Promise<void> {
    await this.context.clearCookies();
  }

  async serveTestPage(): Promise<string> {
    return serveTabPage(this.context, site.clientPortal.replace(/\/$/, ''));
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

async function expectPending(page: ClientPage, texts: readonly string[]): Promise<void> {
  for (const text of texts) await page.thread.expectTick(text, 'Sending');
}

/** Whether this tab holds the lock of the one that sends. */
function sends(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const probe = `probe ${Math.random()}`;
    return navigator.locks.request(probe, async () => {
      const { held = [] } = await navigator.locks.query();
      const me = held.find(({ name }) => name === probe)?.clientId;
      return held.some(({ name, clientId }) => name?.includes('/outgoing/') === true && clientId === me);
    });
  });
}

/** What the portal keeps on the device of what people write. */
function kept(page: Page): Promise<{ messages: number; drafts: number }> {
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('energy-chat/client/outgoing');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error('It cannot be opened.'));
    });
    const messages = await new Promise<number>((resolve) => {
      const request = database.transaction('messages').objectStore('messages').count();
      request.onsuccess = () => resolve(request.result);
    });
    database.close();
    return { messages, drafts: Object.keys(localStorage).filter((key) => key.includes('/draft/')).length };
  });
}

test('five messages written offline outlive their tab and arrive once, in order, and so does the draft', async () => {
  const device = await Device.make();
  const texts = [1, 2, 3, 4, 5].map((number) => `from the lift ${number}`);
  let ana = await device.open();
  await ana.signIn('client1');
  await ana.openChat();
  await device.setOffline(true);
  await expect(ana.panel.getByText('Offline. Your messages are kept and will be sent.')).toBeVisible();
  for (const text of texts) await ana.thread.write(text);
  await ana.thread.composer.fill('half a thought');
  await expectPending(ana, texts);
  await soon(() => kept(ana.page)).toEqual({ messages: 5, drafts: 1 });
  await ana.page.close();
  await device.block(SEND);
  await device.setOffline(false);
  ana = await device.openAgain('client1');
  await expectPending(ana, texts);
  expect(await ana.thread.textsBeginning('from the lift')).toEqual(texts);
  await expect(ana.thread.composer).toHaveValue('half a thought');
  await ana.page.close();

  // Before the conversation can be opened in the page.
  await device.unblock(SEND);
  await device.block(callOf('GetMyConversation'));
  ana = await device.open();
  const desk = await Device.make();
  const maria = await desk.openAdmin();
  await maria.signIn('admin1');
  await expect(maria.row('client1')).toContainText('from the lift 5');
  await maria.open('client1');
  await soon(() => maria.thread.textsBeginning('from the lift')).toEqual(texts);

  await device.unblock(callOf('GetMyConversation'));
  await ana.openChat();
  await ana.thread.expectTick('from the lift 5', 'Delivered', 15_000);
  expect(await ana.thread.textsBeginning('from the lift')).toEqual(texts);
  expect((await kept(ana.page)).messages).toBe(0);
  await device.close();
  await desk.close();
});

test('two tabs show the same, one sends for both, and the other does when that one is closed', async () => {
  const device = await Device.make();
  const one = await device.open();
  await one.signIn('client2');
  await one.openChat();
  const two = await device.openAgain('client2');
  const sentBy = new Map<ClientPage, number>();
  for (const each of [one, two]) {
    sentBy.set(each, 0);
    each.page.on('request', (request) => {
      if (SEND.test(request.url())) sentBy.set(each, (sentBy.get(each) ?? 0) + 1);
    });
  }
  await device.block(SEND);
  const write = async (tab: ClientPage, text: string): Promise<void> => {
    // Chromium draws a page behind another once a second only.
    await tab.page.bringToFront();
    await tab.thread.write(text);
  };
  await write(one, 'tabs: from the first');
  await write(two, 'tabs: from the second');
  await write(one, 'tabs: and one more');
  const texts = ['tabs: from the first', 'tabs: from the second', 'tabs: and one more'];
  for (const each of [one, two]) {
    await expectPending(each, texts);
    expect(await each.thread.textsBeginning('tabs:')).toEqual(texts);
  }
  const [sender, other] = (await sends(one.page)) ? [one, two] : [two, one];
  expect([await sends(sender.page), await sends(other.page)]).toEqual([true, false]);
  await soon(() => sentBy.get(sender)).toBeGreaterThan(0);
  expect(sentBy.get(other)).toBe(0);

  await other.thread.composer.fill('one draft');
  await expect(sender.thread.composer).toHaveValue('one draft');
  await sender.page.close();
  await soon(() => sends(other.page)).toBe(true);
  await device.unblock(SEND);
  await other.thread.expectTick('tabs: and one more', 'Sent', 15_000);
  expect(await other.thread.textsBeginning('tabs:')).toEqual(texts);
  await expect(other.thread.composer).toHaveValue('one draft');
  await other.page.reload();
  await other.openChat();
  await other.thread.expectMessage('tabs: and one more');
  expect(await other.thread.textsBeginning('tabs:')).toEqual(texts);
  await device.close();
});

test('who signs in next on the device sees and sends nothing of it; its person goes on where they were', async () => {
  const device = await Device.make();
  let page = await device.open();
  await page.signIn('client3');
  await page.openChat();
  await device.block(SEND);
  await page.thread.write('for my eyes');
  await page.thread.composer.fill('and this too');
  await soon(() => kept(page.page)).toEqual({ messages: 1, drafts: 1 });
  await device.loseSession();
  await page.page.close();
  await device.unblock(SEND);

  page = await device.open();
  await page.signIn('client4');
  await page.openChat();
  await expect(page.thread.composer).toHaveValue('');
  await page.thread.write('hello');
  await page.thread.expectTick('hello', 'Sent');
  await expect(page.thread.message('for my eyes')).toHaveCount(0);
  expect(await kept(page.page)).toEqual({ messages: 1, drafts: 1 });
  await device.loseSession();
  await page.page.close();

  page = await device.open();
  await page.signIn('client3');
  await page.openChat();
  await page.thread.expectTick('for my eyes', 'Sent');
  await expect(page.thread.composer).toHaveValue('and this too');
  await expect(page.thread.message('hello')).toHaveCount(0);
  await device.close();
});

test('signing out with unsent messages asks first, and then forgets them in all tabs, in both portals', async () => {
  const device = await Device.make();
  const one = await device.open();
  await one.signIn('client5');
  await one.openChat();
  const two = await device.openAgain('client5');
  await device.block(SEND);
  await one.page.bringToFront();
  await one.thread.write('never sent');
  await one.thread.composer.fill('nor this');
  await expectPending(two, ['never sent']);
  const signOut = one.page.getByRole('button', { name: 'Sign out' }).first();
  const question = one.page.getByRole('dialog', { name: 'Sign out now?' });
  await signOut.click();
  await question.getByRole('button', { name: 'Stay' }).click();
  await expectPending(one, ['never sent']);
  await signOut.click();
  await question.getByRole('button', { name: 'Sign out' }).click();
  for (const each of [one, two]) await expect(each.page.getByLabel('Login')).toBeVisible();
  await soon(() => kept(one.page)).toEqual({ messages: 0, drafts: 0 });
  await device.unblock(SEND);
  await one.signIn('client5');
  await one.openChat();
  await one.thread.write('the first one');
  await one.thread.expectTick('the first one', 'Sent');
  await expect(one.thread.message('never sent')).toHaveCount(0);

  const maria = await device.openAdmin();
  await maria.signIn('admin2');
  await maria.open('client5');
  await device.block(SEND);
  await maria.thread.write('an answer');
  await maria.page.getByRole('banner').getByRole('button', { name: 'admin2' }).click();
  await maria.page.getByRole('menuitem', { name: 'Sign out' }).click();
  await maria.page.getByRole('dialog', { name: 'Sign out now?' }).getByRole('button', { name: 'Sign out' }).click();
  await expect(maria.page.getByLabel('Login')).toBeVisible();
  await device.close();
});

test('what is kept is read by its own version only, and per person', async () => {
  const device = await Device.make();
  const { page } = await device.open(await device.serveTestPage());
  expect(await page.evaluate(() => window.tryOutgoingStore())).toEqual({
    ofOne: ['one 2', 'two'],
    ofOther: ['other'],
    afterRemoval: ['two'],
    afterForgetting: [],
    othersStay: ['other'],
    withUnreadable: ['other'],
    afterNewerVersion: 'VersionError',
    newerVersionHadToWait: false,
  });
  await device.close();
});
