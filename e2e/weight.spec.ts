/// <reference lib="dom" />
import { type Browser, expect, type Page, test } from '@playwright/test';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import { ClientPage } from './pages/client-page.js';
import { launchBrowser } from './support/browser.js';
import { embeddedSite, type Site } from './support/site.js';
import { Undo } from './support/undo.js';

/** Of script, compressed, until the panel answers. */
const MOST_BYTES = 100_000;

const undo = new Undo();
let site: Site;
let browser: Browser;

test.beforeAll(async () => {
  site = await embeddedSite();
  undo.later(() => site.close());
  browser = await launchBrowser();
  undo.later(() => browser.close());
});

test.afterAll(() => undo.all());

test('the client portal connects nothing before its chat is opened, and tells a language once', async () => {
  const page = await browser.newPage({ locale: 'en-GB' });
  const calls: string[] = [];
  page.on('request', (request) => {
    const [, method] = /\/energy\.chat\.v1\.[A-Za-z]+\/([A-Za-z]+)$/.exec(request.url()) ?? [];
    if (method !== undefined) calls.push(method);
  });
  await page.goto(site.clientPortal);
  await expect(page.getByLabel('Login')).toBeVisible();
  expect(calls).toEqual([]);
  const client = new ClientPage(page);
  await client.signIn('client1');
  // Nobody has told the service before in which language client1 reads.
  await expect.poll(() => calls).toEqual(['SignIn', 'SetLanguage', 'GetMyConversation']);
  calls.length = 0;
  await page.reload();
  await client.expectSignedIn('client1');
  await expect.poll(() => calls).toEqual(['Refresh', 'GetMyConversation']);
  await client.openChat();
  await expect.poll(() => calls).toContain('Watch');
  expect(calls).not.toContain('SetLanguage');
});

for (const [locale, login] of [
  ['en-GB', 'client2'],
  ['ro-RO', 'client3'],
] as const) {
  test(`loads at most 100 kB of script until the panel answers, in a browser of ${locale}`, async () => {
    // Browsers ask for brotli on https and on localhost only.
    const page = await browser.newPage({ locale });
    const scripts = new Map<string, number>();
    page.on('requestfinished', (request) => {
      if (request.resourceType() !== 'script') return;
      void request.sizes().then(({ responseBodySize }) => scripts.set(request.url(), responseBodySize));
    });
    await page.goto(site.clientPortal);
    await ask(page, login, 'How long are you open today?');
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale.slice(0, 2));

    const loaded = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming)
        .filter(({ name }) => name.endsWith('.js'))
        .map(({ name }) => name),
    );
    await expect.poll(() => [...scripts.keys()].sort()).toEqual(loaded.sort());
    const bytes = [...scripts.values()].reduce((sum, each) => sum + each, 0);
    test.info().annotations.push({ type: 'script until the panel answers', description: `${bytes} bytes` });
    // Less than this is no answer of a server that compresses, or no panel.
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  });
}

/** In whatever language, until the question has arrived. */
async function ask(page: Page, login: string, question: string): Promise<void> {
  await page.locator('input[autocomplete="username"]').fill(login);
  await page.locator('input[type="password"]').fill(DEMO_PASSWORD);
  await page.locator('input[type="password"]').press('Enter');
  await page.locator('portal-chat-button button').click();
  await page.locator('chat-composer textarea').fill(question);
  await page.locator('chat-composer textarea').press('Enter');
  const message = page.locator('li.message').filter({ hasText: question });
  await expect(message.locator('.tick:is(.sent, .delivered, .read)')).toBeVisible();
}
