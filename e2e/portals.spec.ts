/// <reference lib="dom" />
import { type Browser, type BrowserContext, expect, type Page, test } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { signInAt } from './pages/sign-in-form.js';
import { expectAccessible } from './support/axe.js';
import { launchBrowser } from './support/browser.js';
import { embeddedSite, envoySite, type Site } from './support/site.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';

/** The pictures of the README are drawn anew only when asked for, since two runs never draw the same bytes. */
const DRAWS_PICTURES = process.env.DRAW_PICTURES === '1';
const pictureOf = (name: string): string => fileURLToPath(new URL(`../docs/pictures/${name}.png`, import.meta.url));

const sites = [
  { name: 'through Envoy, on MariaDB and RabbitMQ, with two replicas', start: envoySite, hasFaults: true },
  { name: 'on what npm start gives', start: embeddedSite, hasFaults: false },
];

for (const { name, start, hasFaults } of sites) {
  test.describe.serial(`two clients and two administrators ${name}`, () => {
    const undo = new Undo();
    /** What browsers complained of: errors of scripts, and what the page's own policy refused. */
    const complaints: string[] = [];
    let site: Site;
    let browser: Browser;
    let ana: ClientPage;
    let ben: ClientPage;
    let maria: AdminPage;
    let victor: AdminPage;

    const newPage = async (url: string, context: BrowserContext): Promise<Page> => {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(`${url}: ${error.message}`));
      page.on('console', (message) => {
        if (/Content Security Policy|Trusted ?Type/i.test(message.text())) complaints.push(`${url}: ${message.text()}`);
      });
      await page.goto(url);
      return page;
    };
    const somebody = async (url: string): Promise<Page> =>
      newPage(url, await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' }));

    test.beforeAll(async () => {
      site = await start();
      undo.later(() => site.close());
      browser = await launchBrowser();
      undo.later(() => browser.close());
      ana = new ClientPage(await somebody(site.clientPortal));
      ben = new ClientPage(await somebody(site.clientPortal));
      maria = new AdminPage(await somebody(site.adminPortal));
      victor = new AdminPage(await somebody(site.adminPortal));
    });

    test.afterAll(() => undo.all());

    test('sign in, each at their own portal only, and a wrong password is not told from a wrong login', async () => {
      await expectAccessible(ana.page);
      await expectAccessible(maria.page);
      await signInAt(ana.page, 'client1', 'a guess');
      await expect(ana.page.getByText('The login or the password is not right')).toBeVisible();
      await signInAt(ana.page, 'admin1');
      await expect(ana.page.getByText('This portal is for clients')).toBeVisible();
      await ana.signIn('client1');
      await Promise.all([ben.signIn('client2'), maria.signIn('admin1'), victor.signIn('admin2')]);
      await Promise.all([ana.openChat(), ben.openChat()]);
    });

    test('clients see whether anybody is there who says to be available', async () => {
      await expect(ana.panel.getByText('We are here now').first()).toBeVisible();
      await maria.setAvailable(false);
      await victor.setAvailable(false);
      await expect(ana.panel.getByText('Nobody is here at the moment').first()).toBeVisible();
      await victor.page.reload();
      await expect(victor.page.getByRole('banner').getByText('Away')).toBeVisible();
      await expect(ana.panel.getByText('Nobody is here at the moment').first()).toBeVisible();
      await maria.setAvailable(true);
      await expect(ana.panel.getByText('We are here now').first()).toBeVisible();
    });

    test('two clients write, and both administrators see who waits, with names and ids', async () => {
      await ana.thread.write('my bill is wrong');
      await ben.thread.write('the meter is stuck');
      for (const admin of [maria, victor]) {
        await expect(admin.row('client1')).toContainText('my bill is wrong');
        await expect(admin.row('client1')).toContainText('#4');
        await expect(admin.row('client2')).toContainText('#5');
        await expect(admin.tab('Waiting')).toContainText('2');
      }
    });

    test('one claims, answers, and both sides see typing and what was read', async () => {
      await maria.open('client1');
      await maria.action('Claim').click();
      await expect(ana.thread.event('admin1 is here for you')).toBeVisible();
      await maria.thread.composer.pressSequentially('let me');
      await expect(ana.thread.typing).toContainText('admin1 is typing');
      await maria.thread.composer.fill('');
      await maria.thread.write('let me see');
      await ana.thread.expectMessage('let me see');
      await maria.thread.expectTick('let me see', 'Read');
      await ana.thread.composer.pressSequentially('tha');
      await expect(maria.thread.typing).toContainText('client1 is typing');
      await ana.thread.composer.fill('');
      await ana.thread.write('thank you');
      await ana.thread.expectTick('thank you', 'Read');
      await expect(victor.tab('Others’')).toContainText('1');
    });

    test('the other one looks on without taking anything, and answers the other client', async () => {
      await victor.tab('Others’').click();
      await victor.open('client1');
      await victor.thread.composer.pressSequentially('may I?');
      await victor.thread.composer.press('Enter');
      await expect(victor.thread.composer).toHaveValue('may I?');
      await expect(maria.thread.typing).toHaveCount(0);
      await expect(victor.action('Take over')).toBeVisible();
      await victor.tab('Waiting').click();
      await victor.open('client2');
      // Its text makes the claim and the message at once.
      await victor.thread.write('I am looking at your meter');
      await ben.thread.expectMessage('I am looking at your meter');
      await expect(victor.action('Release')).toBeVisible();
      await expect(maria.tab('Waiting')).toContainText('0');
    });

    test('every page is accessible', async () => {
      if (DRAWS_PICTURES) {
        await ana.page.screenshot({ path: pictureOf('client-portal') });
        await maria.page.emulateMedia({ reducedMotion: 'reduce' });
        await maria.page.getByRole('button', { name: 'No, thanks' }).click();
        await maria.tab('Mine').click();
        await expect(maria.row('client1')).toBeVisible();
        await maria.page.screenshot({ path: pictureOf('admin-portal') });
      }
      for (const { page } of [ana, maria, victor]) await expectAccessible(page);
    });

    test('a page that is loaded again is where it was', async () => {
      await ana.page.reload();
      await ana.expectSignedIn('client1');
      if (!(await ana.panel.isVisible())) await ana.openChat();
      await ana.thread.expectMessage('thank you');
      await maria.page.reload();
      await maria.expectSignedIn('admin1');
      await maria.tab('Mine').click();
      await maria.open('client1');
      await maria.thread.expectMessage('thank you');
    });

    if (hasFaults) {
      test('killed replicas and a killed Envoy lose nothing, double nothing and keep the order', async () => {
        const parts = [...site.replicas, site.edge];
        const sent: string[] = [];
        for (const part of parts) {
          await part.kill();
          for (const number of [1, 2]) {
            const text = `while ${part.name} is away, ${number}`;
            sent.push(text);
            await ana.thread.write(text);
          }
          await part.start();
          await ana.thread.expectTick(sent.at(-1) ?? '', 'Read', 30_000);
        }
        for (const page of [ana, maria]) await soon(() => page.thread.textsBeginning('while'), 20_000).toEqual(sent);
        await maria.thread.write('all arrived');
        await ana.thread.expectMessage('all arrived', 20_000);
      });

      test('what is written offline is sent once back online', async () => {
        await ana.page.context().setOffline(true);
        await expect(ana.panel.getByText('Offline.')).toBeVisible({ timeout: 10_000 });
        await ana.thread.write('from the lift');
        await ana.thread.expectTick('from the lift', 'Sending');
        await ana.page.context().setOffline(false);
        await maria.thread.expectMessage('from the lift', 20_000);
        await ana.thread.expectTick('from the lift', 'Read', 20_000);
      });
    }

    test('a long thread scrolls by itself, and a case is not closed over what came behind the question', async () => {
      for (const part of ['one', 'two', 'three']) {
        await ana.thread.composer.fill(Array.from({ length: 20 }, (_, line) => `${part}, line ${line}`).join('\n'));
        await ana.thread.composer.press('Enter');
      }
      await expect(maria.conversation.locator('li.message').getByText('three, line 19')).toBeVisible();
      for (const { page } of [maria, ana]) {
        expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBe(0);
      }
      await maria.action('Close').click();
      await ana.thread.write('wait, one more');
      await maria.page.getByRole('button', { name: 'Close the case' }).click();
      await expect(maria.page.getByText('has written meanwhile')).toBeVisible();
      await maria.thread.expectMessage('wait, one more');
      await maria.page.getByRole('button', { name: 'Dismiss' }).click();
    });

    test('on a phone the way back leads from the chat to the page', async () => {
      const context = await browser.newContext({
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        locale: 'en-GB',
      });
      const client = new ClientPage(await newPage(site.clientPortal, context));
      await client.signIn('client5');
      await client.openChat();
      await client.page.goBack();
      await expect(client.panel).toBeHidden();
      await client.openChat();
      await client.page.getByRole('button', { name: 'Close the chat' }).click();
      await expect(client.panel).toBeHidden();
      await expect(client.page.getByRole('button', { name: /^Open the chat/ })).toBeFocused();
      await context.close();
    });

    test('the case is closed, and writing again opens a new one', async () => {
      await maria.closeCase();
      await expect(ana.thread.event('Closed by admin1')).toBeVisible();
      await ana.thread.write('one more thing');
      await maria.tab('Waiting').click();
      await expect(maria.row('client1')).toContainText('one more thing');
    });

    test('both portals keep one browser signed in, and after 11 minutes too', async () => {
      const context = await browser.newContext({ locale: 'en-GB' });
      const client = new ClientPage(await newPage(site.clientPortal, context));
      const admin = new AdminPage(await newPage(site.adminPortal, context));
      await client.signIn('client3');
      await admin.signIn('admin3');
      for (const { page } of [client, admin]) {
        await page.clock.install({ time: Date.now() + 11 * 60_000 });
        await page.reload();
      }
      await client.expectSignedIn('client3');
      await admin.expectSignedIn('admin3');
      await context.close();
    });

    test('the keyboard alone does the whole journey', async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
      const client = new ClientPage(await newPage(site.clientPortal, context));
      const admin = new AdminPage(await newPage(site.adminPortal, context));
      const press = async (page: Page, ...keys: string[]): Promise<void> => {
        for (const key of keys) await page.keyboard.press(key);
      };
      /** Where somebody without a mouse gets to: as often as it takes, and not for ever. */
      const tabTo = async (page: Page, isThere: () => Promise<boolean>): Promise<void> => {
        for (let presses = 0; presses < 60; presses += 1) {
          if (await isThere()) return;
          await page.keyboard.press('Tab');
        }
        throw new Error('The tab key does not get there.');
      };
      const focused = (locator: ReturnType<Page['locator']>) => async (): Promise<boolean> =>
        (await locator.count()) === 1 && locator.evaluate((element) => element === document.activeElement);
      const signIn = async (page: Page, login: string): Promise<void> => {
        await page.bringToFront();
        await tabTo(page, focused(page.getByLabel('Login')));
        await page.keyboard.type(login);
        await press(page, 'Tab');
        await page.keyboard.type('energy-demo');
        await press(page, 'Enter');
      };
      await signIn(client.page, 'client4');
      await client.expectSignedIn('client4');
      await tabTo(client.page, focused(client.page.getByRole('button', { name: 'Open the chat' })));
      await press(client.page, 'Enter');
      await tabTo(client.page, focused(client.thread.composer));
      await client.page.keyboard.type('no mouse here');
      await press(client.page, 'Enter');
      await client.thread.expectMessage('no mouse here');

      await signIn(admin.page, 'admin3');
      await admin.expectSignedIn('admin3');
      await expect(admin.row('client4')).toBeVisible();
      await press(admin.page, 'l');
      await expect(admin.page.getByRole('listbox')).toBeFocused();
      const active = () => admin.page.locator('[role=option].is-active');
      for (let presses = 0; presses < 10 && !(await active().innerText()).includes('client4'); presses += 1) {
        await press(admin.page, 'ArrowDown');
      }
      await press(admin.page, 'Enter');
      await admin.thread.expectMessage('no mouse here');
      await tabTo(admin.page, focused(admin.action('Claim')));
      await press(admin.page, 'Enter');
      await expect(admin.action('Release')).toBeVisible();
      await expect(admin.conversation.getByRole('heading', { name: 'client4' })).toBeFocused();
      await press(admin.page, 'r');
      await expect(admin.thread.composer).toBeFocused();
      await admin.page.keyboard.type('nor here');
      await press(admin.page, 'Enter');
      await client.thread.expectMessage('nor here');
      await context.close();
    });

    test('no page broke, and none asked for what its policy refuses', () => {
      expect(complaints).toEqual([]);
    });
  });
}
