/// <reference lib="dom" />
import { fromBinary } from '@bufbuild/protobuf';
import { MarkProgressRequestSchema } from '@energy-chat/contract/conversation_pb.js';
import { type Browser, type BrowserContext, expect, type Request, test } from '@playwright/test';
import { TcpProxy } from '../chat-service/src/testing/tcp-proxy.js';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { signInAt } from './pages/sign-in-form.js';
import { expectAccessible } from './support/axe.js';
import { launchBrowser } from './support/browser.js';
import { envoySite, type Site } from './support/site.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';

/** Of a gRPC-Web body, before its message: a flag and the length. */
const FRAME_HEADER_BYTES = 5;
const PHONE = { width: 360, height: 740 };
/** What a keyboard on the screen leaves of it. */
const ABOVE_KEYBOARD = { width: 360, height: 400 };

const undo = new Undo();
let site: Site;
let browser: Browser;
let maria: AdminPage;

test.beforeAll(async () => {
  site = await envoySite();
  undo.later(() => site.close());
  browser = await launchBrowser();
  undo.later(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  await page.goto(site.adminPortal);
  maria = new AdminPage(page);
  await maria.signIn('admin1');
});

test.afterAll(() => undo.all());

async function device(viewport = { width: 1440, height: 900 }): Promise<BrowserContext> {
  return browser.newContext({ viewport, hasTouch: viewport === PHONE, locale: 'en-GB' });
}

async function openPortal(context: BrowserContext, url = site.clientPortal): Promise<ClientPage> {
  const page = await context.newPage();
  await page.goto(url);
  return new ClientPage(page);
}

/** That client, who has no open case, writes, and support answers. */
async function beginTalk(client: ClientPage, login: string, question = `${login} writes`): Promise<void> {
  await client.openChat();
  await client.thread.write(question);
  await maria.tab('Waiting').click();
  await maria.open(login);
  await maria.thread.expectMessage(question);
  await maria.thread.write(`answered: ${question}`);
  await client.thread.expectMessage(`answered: ${question}`);
}

test('a page that slept while its line died has caught up within 2 s of waking, with nothing twice', async () => {
  const line = await TcpProxy.before(site.clientPortal);
  undo.later(() => line.refuse());
  const context = await device();
  const ana = await openPortal(context, site.clientPortal.replace(/:\d+/, `:${line.port}`));
  await ana.signIn('client1');
  await beginTalk(ana, 'client1');

  const session = await context.newCDPSession(ana.page);
  await session.send('Debugger.enable');
  await session.send('Debugger.pause');
  await line.refuse();
  const texts = [1, 2, 3].map((number) => `while you slept ${number}`);
  for (const text of texts) await maria.thread.write(text);
  await line.restore();
  await session.send('Debugger.resume');
  await session.send('Debugger.disable');
  await soon(() => ana.thread.textsBeginning('while you slept'), 2_000).toEqual(texts);
  await ana.thread.write('good morning');
  await maria.thread.expectMessage('good morning');
  await context.close();
});

for (const { tabs, login } of [
  { tabs: 2, login: 'client2' },
  { tabs: 8, login: 'client3' },
]) {
  test(`${tabs} tabs hold one stream, all show what arrives, and it is read once, in the tab in front`, async () => {
    const context = await device();
    // Tests give every page the focus; a person has one in front.
    await context.addInitScript(() => (document.hasFocus = () => document.documentElement.dataset['front'] === 'yes'));
    const streams = new Set<Request>();
    const readSeqs: number[] = [];
    context.on('request', (request) => {
      if (request.url().endsWith('/Watch')) streams.add(request);
      if (request.url().endsWith('/MarkProgress')) readSeqs.push(readSeqOf(request));
    });
    context.on('requestfinished', (request) => streams.delete(request));
    context.on('requestfailed', (request) => streams.delete(request));
    const first = await openPortal(context);
    await first.signIn(login);
    await beginTalk(first, login);
    const pages = [first];
    while (pages.length < tabs) {
      const page = await openPortal(context);
      await page.expectSignedIn(login);
      await page.openChat();
      pages.push(page);
    }
    await soon(() => streams.size).toBe(1);

    await maria.thread.write(`to all tabs of ${login}`);
    for (const page of pages) await page.thread.expectMessage(`to all tabs of ${login}`);
    await maria.thread.expectTick(`to all tabs of ${login}`, 'Delivered');
    expect(readSeqs.filter((seq) => seq > 0)).toEqual([]);

    const front = pages.at(-1) ?? first;
    await front.page.evaluate(() => {
      document.documentElement.dataset['front'] = 'yes';
      window.dispatchEvent(new Event('focus'));
    });
    await maria.thread.expectTick(`to all tabs of ${login}`, 'Read');
    await maria.thread.write(`and once more to ${login}`);
    await maria.thread.expectTick(`and once more to ${login}`, 'Read');
    for (const page of pages) {
      await page.thread.expectMessage(`and once more to ${login}`);
      await expect(page.thread.message(`to all tabs of ${login}`)).toHaveCount(1);
    }
    const read = readSeqs.filter((seq) => seq > 0);
    expect(read).toEqual([...new Set(read)]);
    expect(streams.size).toBe(1);
    await context.close();
  });
}

test('above the keyboard of a phone the composer and the last message stay in sight', async () => {
  const context = await device(PHONE);
  const ana = await openPortal(context);
  await expect(ana.page.locator('meta[name=viewport]')).toHaveAttribute(
    'content',
    /interactive-widget=resizes-content/,
  );
  await ana.signIn('client4');
  await beginTalk(ana, 'client4');
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) await maria.thread.write(`a long story, part ${number}`);
  const last = ana.thread.message('a long story, part 8');
  await expect(last).toBeInViewport({ ratio: 1 });
  const { composer } = ana.thread;
  await composer.click();
  await ana.page.setViewportSize(ABOVE_KEYBOARD);
  await expect(composer).toBeFocused();
  for (const shown of [composer, last]) await expect(shown).toBeInViewport({ ratio: 1 });
  await composer.fill('one\ntwo\nthree\nfour\nfive');
  for (const shown of [composer, last]) await expect(shown).toBeInViewport({ ratio: 1 });
  await composer.press('Enter');
  await expect(ana.thread.message('one\ntwo\nthree\nfour\nfive')).toBeInViewport({ ratio: 1 });
  await expect(composer).toBeInViewport({ ratio: 1 });
  await maria.closeCase();
  await context.close();
});

test('who signs in next in the same tab finds nothing of the one before: thread, queue, draft, notices, count', async () => {
  const context = await device();
  await context.grantPermissions(['notifications']);
  const page = await openPortal(context);
  await page.signIn('client5');
  await beginTalk(page, 'client5');
  await page.panel.getByRole('button', { name: 'Yes, tell me' }).click();
  await context.route(/\/SendMessage$/, (route) => route.abort());
  await page.thread.write('not for others');
  await page.thread.composer.fill('nor this');
  await page.panel.getByRole('button', { name: 'Close the chat' }).click();
  await maria.thread.write('only for client5');
  await expect(page.page).toHaveTitle(/^\(1\)/);
  // Nobody signs out: the session is over, and somebody else takes the device.
  await context.clearCookies();
  await page.page.reload();
  await signInAt(page.page, 'client1');
  await page.expectSignedIn('client1');
  await expect(page.page).toHaveTitle('My energy');
  await expect(page.page.getByRole('button', { name: 'Open the chat', exact: true })).toBeVisible();
  await page.openChat();
  for (const text of ['client5 writes', 'answered: client5 writes', 'only for client5', 'not for others']) {
    await expect(page.thread.message(text)).toHaveCount(0);
  }
  await expect(page.thread.composer).toHaveValue('');
  await context.unroute(/\/SendMessage$/);
  await page.thread.write('mine');
  await page.thread.expectTick('mine', 'Sent');
  await expect(page.panel.getByRole('button', { name: 'Yes, tell me' })).toBeVisible();
  await expect(maria.thread.message('not for others')).toHaveCount(0);
  await context.close();
});

test('the panel is accessible while offline, with a refused message, and while a case is rated', async () => {
  const context = await device(PHONE);
  const ana = await openPortal(context);
  await ana.signIn('client4');
  await beginTalk(ana, 'client4', 'and once more');
  await context.setOffline(true);
  await ana.thread.write('from the lift');
  await expect(ana.panel.getByText('Offline. Your messages are kept and will be sent.')).toBeVisible();
  await expectAccessible(ana.page);
  await context.setOffline(false);
  await ana.thread.expectTick('from the lift', 'Read');

  await context.route(/\/SendMessage$/, (route) =>
    route.fulfill({ headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '3' } }),
  );
  await ana.thread.write('this is refused');
  await expect(ana.panel.getByRole('button', { name: 'Try again' })).toBeVisible();
  await expectAccessible(ana.page);
  await context.unroute(/\/SendMessage$/);

  await maria.closeCase();
  await ana.panel.getByTitle('4 of 5, good').first().click();
  await ana.panel.getByLabel('Anything to add?').fill('half a thought');
  await expectAccessible(ana.page);
  await ana.page.goBack();
  await expect(ana.panel).toBeHidden();
  await ana.openChat();
  await expect(ana.panel.getByLabel('Anything to add?')).toHaveValue('half a thought');
  await ana.panel.getByRole('button', { name: 'Send rating' }).click();
  await expect(ana.panel.getByText('Thank you for your rating.')).toBeVisible();
  await expectAccessible(ana.page);
  await context.close();
});

/** 0: it says only what was delivered. */
function readSeqOf(request: Request): number {
  const body = request.postDataBuffer();
  if (body === null) throw new Error('The body of the call is not known.');
  return fromBinary(MarkProgressRequestSchema, body.subarray(FRAME_HEADER_BYTES)).readSeq;
}
