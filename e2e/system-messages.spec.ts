/// <reference lib="dom" />
import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Interceptor } from '@connectrpc/connect';
import { Severity } from '@energy-chat/contract/entry_pb.js';
import { SystemMessageService } from '@energy-chat/contract/system_message_pb.js';
import { type Browser, expect, type Page, test } from '@playwright/test';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { Announcements } from './support/announcements.js';
import { launchBrowser } from './support/browser.js';
import { givenUrl } from './support/given-url.js';
import { type DeployedSite, envoySite } from './support/site.js';
import { soon } from './support/soon.js';
import { accountsFile, badEvent, goodEvent, KINDS_OF_BAD, SystemEvents, systemEvent } from './support/system-events.js';
import { oneTo } from './support/words.js';
import { Undo } from './support/undo.js';
import { nativeWay } from './support/way.js';

const DEAD_LETTERS = fileURLToPath(new URL('../chat-service/dist/broker/rabbitmq/dead-letters.js', import.meta.url));
const GOOD = 400;
/** Within which what a killed replica had in hand is written by the other. */
const HANDED_OVER = 20_000;

/** What internal services tell clients, by RabbitMQ and by gRPC, as clients and administrators see it. */
test.describe.serial('system messages', () => {
  const brokerUrl = givenUrl('TEST_RABBITMQ_URL');
  const key = `eck_${randomBytes(32).toString('base64url')}`;
  const undo = new Undo();
  let site: DeployedSite;
  let browser: Browser;
  let events: SystemEvents;
  let cases: Announcements;
  let ana: ClientPage;

  const pageAt = async (url: string): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  const publish = (id: string, data: object, attributes: object = {}): Promise<void> =>
    events.publish({ mark: id, body: Buffer.from(JSON.stringify(systemEvent(id, data, attributes))) });
  /** How often each event stands in a thread, by its id. */
  const written = async (like: string): Promise<Map<string, number>> => {
    const rows = await site.query(
      "SELECT request_id, COUNT(*) AS times FROM entry WHERE kind = 'system_message' AND request_id LIKE ? GROUP BY request_id",
      [like],
    );
    return new Map(rows.map(({ request_id: id, times }) => [String(id), Number(times)]));
  };
  const byGrpc = () => {
    const [replica] = site.replicas;
    if (replica === undefined) throw new Error('There is no replica.');
    const withKey: Interceptor = (next) => (request) => {
      request.header.set('authorization', `Bearer ${key}`);
      return next(request);
    };
    const { transport, close } = nativeWay(replica).connect(withKey);
    undo.later(async () => close());
    return createClient(SystemMessageService, transport);
  };

  test.beforeAll(async () => {
    const folder = ownFolder('system-messages');
    undo.later(async () => folder.release());
    const accounts = join(folder.path, 'service-accounts.json');
    writeFileSync(accounts, accountsFile(`sha256:${createHash('sha256').update(key).digest('hex')}`));
    site = await envoySite({ SERVICE_ACCOUNTS_FILE: accounts });
    undo.later(() => site.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    events = await SystemEvents.open(brokerUrl);
    undo.later(() => events.close());
    await events.takeLetters(new Map());
    cases = await Announcements.listen(brokerUrl, 'energy.chat.case.opened.v1');
    undo.later(() => cases.close());
  });

  test.afterAll(() => undo.all());

  test('show as a card in the client’s language, unread, and open what must be looked at', async () => {
    ana = new ClientPage(await pageAt(site.clientPortal));
    await ana.signIn('client1');
    await ana.page.getByRole('button', { name: 'RO, Română' }).click();
    await soon(() => site.query("SELECT 1 FROM person WHERE id = '4' AND language = 'ro'")).toHaveLength(1);
    const texts = { en: 'Your meter must be read.', ro: 'Contorul dumneavoastră trebuie citit.' };
    const data = { severity: 'critical', link: 'https://example.com/meter', needs_attention: true };
    await publish('card', { texts, ...data });
    await soon(() => written('card')).toEqual(new Map([['card', 1]]));
    // A page whose chat was never open asks when it is opened.
    await ana.page.reload();
    await ana.page.getByRole('button', { name: 'Deschideți chatul, un mesaj necitit' }).click();
    const card = ana.page.locator('li.system').filter({ hasText: texts.ro });
    await expect(card).toBeVisible();
    await expect(card).toContainText('Urgent');
    await expect(card).toContainText('Metering');
    await expect(card.getByRole('link')).toHaveAttribute('href', data.link);
    await expect(ana.page.getByText(texts.en)).toHaveCount(0);

    const maria = new AdminPage(await pageAt(site.adminPortal));
    await maria.signIn('admin1');
    await maria.tab('Waiting').click();
    await maria.open('client1');
    await expect(maria.conversation.locator('li.system').filter({ hasText: texts.ro })).toContainText('Metering');
    const [row] = await site.query("SELECT id FROM conversation WHERE client_id = '4'");
    const id = String(row?.id);
    await soon(() => cases.idsOf(id)).toEqual([`${id}/1/case_opened`]);
  });

  test('are one by both doors, and a notice counts whom it has reached', async () => {
    const door = byGrpc();
    const texts = { en: 'The same.' };
    await publish('both', { recipients: [{ client_id: '5' }], texts });
    await soon(() => written('both')).toEqual(new Map([['both', 1]]));
    const recipient = (value: string) => ({ by: { case: 'clientId' as const, value } });
    const event = { source: 'metering', eventId: 'both', texts, severity: Severity.INFO, recipients: [recipient('5')] };
    const { conversationId, seq } = await door.publish(event);
    expect([conversationId === '', seq]).toEqual([false, 1]);
    await publish('both', { recipients: [{ login: 'client2' }], texts: { en: 'Other words.' } });

    await door.publish({ ...event, eventId: 'notice', recipients: ['5', '6', '7', '99'].map(recipient) });
    await soon(async () => {
      const { recipients, written: reached, unknown } = await door.getNotice({ source: 'metering', eventId: 'notice' });
      return [recipients, reached, unknown];
    }, 20_000).toEqual([4, 3, 1]);
    await soon(() => written('notice')).toEqual(new Map([['notice', 3]]));
    expect(await written('both')).toEqual(new Map([['both', 1]]));
  });

  test('are written exactly once or are dead letters with their reason, though a replica is killed in the middle', async () => {
    await publish('quota', {}, { source: 'silent' });
    await soon(() => written('quota')).toEqual(new Map([['quota', 1]]));
    const good = oneTo(GOOD).map(goodEvent);
    const bad = oneTo(2 * KINDS_OF_BAD).map(badEvent);
    const all = good.flatMap((event, index) => {
      const repeated = index % 20 === 7 ? [event] : [];
      const worse = bad.filter(({ reason }, place) => place === index && reason !== 'OVER_QUOTA');
      return [event, ...repeated, ...worse];
    });
    const half = Math.floor(all.length / 2);
    await Promise.all(all.slice(0, half).map((event) => events.publish(event)));
    const [first] = site.replicas;
    await first?.kill();
    await Promise.all(all.slice(half).map((event) => events.publish(event)));
    await first?.start();

    const once = new Map(good.map(({ mark }) => [mark, 1]));
    await soon(async () => (await written('good-%')).size, HANDED_OVER).toBe(once.size);
    // Only now: what is delivered again is not counted in the quota again.
    for (const event of bad.filter(({ reason }) => reason === 'OVER_QUOTA')) await events.publish(event);
    const letters = new Map<string, Set<string>>();
    await soon(async () => {
      await events.takeLetters(letters);
      return letters.size;
    }, HANDED_OVER).toBe(bad.length);
    await soon(() => events.waitingIn('energy.chat.system-messages')).toBe(0);
    expect(await written('good-%')).toEqual(once);
    expect(letters).toEqual(new Map(bad.map(({ mark, reason }) => [mark, new Set([reason])])));
  });

  test('that are dead letters are listed, shown, sent again and dropped, and cannot steer the terminal', async () => {
    const run = (...args: string[]): string => {
      const { stdout } = spawnSync(process.execPath, [DEAD_LETTERS, ...args], {
        env: { ...process.env, RABBITMQ_URL: brokerUrl },
        encoding: 'utf8',
      });
      return stdout;
    };
    const lie = () => events.waitingIn('energy.chat.dead-letters');
    await publish('steering', {}, { source: `\u001b[2J${'x'.repeat(1_000)}` });
    await soon(lie).toBe(1);
    const line = run('list');
    expect(line).toMatch(/^[0-9a-f]{12} {2}\S+Z {2}SOURCE_NOT_ALLOWED {2}/);
    expect(line).not.toContain('\u001b');
    expect(line.length).toBeLessThan(600);
    const id = line.slice(0, 12);
    expect(run('show', id)).toContain('"chat-reason": "SOURCE_NOT_ALLOWED"');
    expect(run('replay', id)).toBe(`${id} sent again\n`);
    await soon(lie).toBe(1);
    expect(run('drop', id)).toBe(`${id} dropped\n`);
    expect(run('list')).toBe('No dead letters.\n');
  });
});
