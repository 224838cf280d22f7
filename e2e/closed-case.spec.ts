import { type Browser, type BrowserContext, expect, test } from '@playwright/test';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { expectAccessible } from './support/axe.js';
import { launchBrowser } from './support/browser.js';
import { envoySite, type Site } from './support/site.js';
import { Undo } from './support/undo.js';

test.describe.serial('what surrounds the conversation, through Envoy', () => {
  const undo = new Undo();
  let site: Site;
  let browser: Browser;
  let ana: ClientPage;
  let maria: AdminPage;

  const context = (): Promise<BrowserContext> =>
    browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  const clientPage = async (): Promise<ClientPage> => {
    const page = await (await context()).newPage();
    await page.goto(site.clientPortal);
    return new ClientPage(page);
  };

  test.beforeAll(async () => {
    site = await envoySite();
    undo.later(() => site.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    ana = await clientPage();
    maria = new AdminPage(await (await context()).newPage());
    await maria.page.goto(site.adminPortal);
    await Promise.all([ana.signIn('client1'), maria.signIn('admin1')]);
    await ana.openChat();
  });
  test.afterAll(() => undo.all());

  test('the topic that was chosen offline arrives after a reload, and the client learns when to expect an answer', async () => {
    await expect(ana.panel.getByText('We are here now').first()).toBeVisible();
    await ana.panel.getByText('An outage', { exact: true }).click();
    await expect(ana.panel.getByRole('radio', { name: 'An outage' })).toBeChecked();
    await expectAccessible(ana.page);
    await site.edge.kill();
    await ana.thread.write('the lights are out');
    await ana.thread.expectTick('the lights are out', 'Sending');
    await expect(ana.panel.getByRole('radio')).toHaveCount(0);
    await ana.page.close({ runBeforeUnload: false });
    await site.edge.start();
    const page = await ana.page.context().newPage();
    await page.goto(site.clientPortal);
    ana = new ClientPage(page);
    await ana.expectSignedIn('client1');
    await ana.openChat();
    await ana.thread.expectTick('the lights are out', 'Sent', 20_000);
    await expect(ana.panel.getByText('Your message reached us. We are here now and answer shortly.')).toBeVisible();
    await expect(maria.row('client1')).toContainText('the lights are out', { timeout: 30_000 });
    await maria.open('client1');
    await expect(maria.thread.event('Case 1 opened by client1 · outage')).toBeVisible();
    await maria.setAvailable(false);
    await expect(ana.panel.getByText('Nobody is here right now; we answer as soon as we are back.')).toBeVisible();
    await maria.setAvailable(true);
    await maria.thread.write('it is mended');
    await expect(ana.panel.getByText('Your message reached us')).toHaveCount(0);
  });

  test('a closed case is rated by the keyboard, once, and the administrator sees it', async () => {
    await ana.thread.expectMessage('it is mended');
    await expect(ana.panel.getByText('How did we do?')).toHaveCount(0);
    await maria.closeCase();
    await expect(ana.thread.event(/^\s*Closed by admin1, \d{1,2} \w+/)).toBeVisible();
    const rating = ana.panel.getByRole('group', { name: 'How did we do?' });
    await rating.getByRole('radio', { name: '1 of 5, very bad' }).focus();
    for (let key = 0; key < 3; key += 1) await ana.page.keyboard.press('ArrowRight');
    await expect(rating.getByRole('radio', { name: '4 of 5, good' })).toBeChecked();
    await ana.panel.getByLabel('Anything to add?').fill('quick, thank you');
    await expectAccessible(ana.page);
    await ana.panel.getByRole('button', { name: 'Send rating' }).click();
    await expect(ana.panel.getByText('Thank you for your rating.')).toBeFocused();
    await expect(ana.thread.event('You rated 4 of 5')).toContainText('quick, thank you');
    await expect(maria.thread.event('Rated 4 of 5')).toContainText('quick, thank you');
    await expectAccessible(ana.page);
    await ana.page.reload();
    await ana.openChat();
    await expect(ana.thread.event('You rated 4 of 5')).toBeVisible();
    await expect(ana.panel.getByText('How did we do?')).toHaveCount(0);
    await ana.thread.write('another question');
    await expect(maria.thread.event('Case 2 opened by client1 · other')).toBeVisible();
  });

  test('another session is ended, asks to sign in again, and keeps what was being written', async () => {
    const phone = await clientPage();
    await phone.signIn('client1');
    await phone.openChat();
    await phone.thread.composer.fill('half a thought');
    await ana.page.getByRole('button', { name: 'Where you are signed in' }).click();
    const dialog = ana.page.getByRole('dialog', { name: 'Where you are signed in' });
    await expect(dialog.getByRole('listitem')).toHaveCount(2);
    await expect(dialog.getByRole('listitem').filter({ hasText: 'This device' })).toContainText(/Chrom\w+ on Linux/);
    await expectAccessible(ana.page);
    await dialog.getByRole('button', { name: /^End the session/ }).click();
    await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
    await dialog.getByRole('button', { name: 'End', exact: true }).click();
    await expect(dialog.getByText('Ended.')).toBeVisible();
    await expect(dialog.getByRole('listitem')).toHaveCount(1);
    await expect(phone.page.getByText('Your session is over.')).toBeVisible({ timeout: 15_000 });
    await phone.signIn('client1');
    await expect(phone.thread.composer).toHaveValue('half a thought');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(ana.page.getByRole('button', { name: 'Where you are signed in' })).toBeFocused();
    await ana.expectSignedIn('client1');
  });

  test('an administrator ends all other sessions', async () => {
    const elsewhere = new AdminPage(await (await context()).newPage());
    await elsewhere.page.goto(site.adminPortal);
    await elsewhere.signIn('admin1');
    await maria.page.getByRole('button', { name: /Account/ }).click();
    await maria.page.getByRole('menuitem', { name: 'Where you are signed in' }).click();
    const dialog = maria.page.getByRole('dialog', { name: 'Where you are signed in' });
    await dialog.getByRole('button', { name: 'End all others' }).click();
    await dialog.getByRole('button', { name: 'End', exact: true }).click();
    await expect(dialog.getByText('You are signed in nowhere else.').or(dialog.getByText('Ended.'))).toBeVisible();
    await expect(elsewhere.page.getByText('Your session is over.')).toBeVisible({ timeout: 15_000 });
    await expectAccessible(maria.page);
  });

  test('the language that was chosen follows its person to another device', async () => {
    await ana.page.getByRole('button', { name: 'RO, Română' }).click();
    await expect(ana.page.getByRole('heading', { name: 'Energia mea' })).toBeVisible();
    await expect(async () => {
      const other = await clientPage();
      await other.signIn('client1').catch(() => undefined);
      await expect(other.page.getByRole('heading', { name: 'Energia mea' })).toBeVisible({ timeout: 2_000 });
      await other.page.context().close();
    }).toPass({ timeout: 20_000 });
  });
});
