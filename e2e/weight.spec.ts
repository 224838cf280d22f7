/// <reference lib="dom" />
import { type Browser, expect, test } from '@playwright/test';
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

test('the client portal connects nothing before its chat is opened, and loads at most 100 kB of script until it answers', async () => {
  // Browsers ask for brotli on https and on localhost only.
  const page = await browser.newPage({ locale: 'en-GB' });
  const calls: string[] = [];
  const scripts = new Map<string, number>();
  page.on('request', (request) => {
    const [, method] = /\/energy\.chat\.v1\.[A-Za-z]+\/([A-Za-z]+)$/.exec(request.url()) ?? [];
    if (method !== undefined) calls.push(method);
  });
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script') return;
    void request.sizes().then(({ responseBodySize }) => scripts.set(request.url(), responseBodySize));
  });

  await page.goto(site.clientPortal);
  await expect(page.getByLabel('Login')).toBeVisible();
  expect(calls).toEqual([]);
  const client = new ClientPage(page);
  await client.signIn('client1');
  await expect(page.getByRole('button', { name: /^Open the chat/ })).toBeVisible();
  await expect.poll(() => calls).toEqual(['SignIn', 'SetLanguage', 'GetMyConversation']);
  await client.openChat();
  await client.thread.write('How long are you open today?');
  await client.thread.expectTick('How long are you open today?', 'Sent');
  expect(calls).toContain('Watch');

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
  console.log(bytes, [...scripts]);
  // Less than this is no answer of a server that compresses, or no panel.
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});
