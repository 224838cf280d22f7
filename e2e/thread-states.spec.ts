/// <reference lib="dom" />
import { type Browser, expect, type Locator, type Page, test } from '@playwright/test';
import { AdminPage } from './pages/admin-page.js';
import { ClientPage } from './pages/client-page.js';
import { launchBrowser } from './support/browser.js';
import { fillConversation } from './support/long-conversation.js';
import { type DeployedSite, envoySite } from './support/site.js';
import { soon } from './support/soon.js';
import { Undo } from './support/undo.js';
import { expectUsable } from './support/usable.js';

const LENGTH = 12;
const UNREAD = 3;

test.describe.serial('what a thread shows, state by state', () => {
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

  test.beforeAll(async () => {
    site = await envoySite();
    undo.later(() => site.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    await fillConversation(site, 1, { length: LENGTH, unread: UNREAD });
    await site.query(
      `UPDATE entry SET kind = 'system_message', author_side = 'system', author_id = 'system:outages',
        author_name = 'Outages', body = 'Planned work on your street.', detail = ? WHERE seq = ?`,
      [JSON.stringify({ severity: 'warning', link: 'https://example.com/work' }), LENGTH],
    );
    ana = new ClientPage(await somebody(site.clientPortal));
    maria = new AdminPage(await somebody(site.adminPortal));
    await Promise.all([ana.signIn('client1'), maria.signIn('admin1')]);
  });

  test.afterAll(() => undo.all());

  test('a divider stands before what is new, and a notice of a service says how grave it is', async () => {
    await ana.openChat();
    await expect(ana.thread.scroller.locator('ol')).toMatchAriaSnapshot(`
      - list:
        - listitem: New
        - listitem:
          - paragraph: admin1
          - text: /message 10/
    `);
    await expect(lineOf(ana, LENGTH)).toMatchAriaSnapshot(`
      - listitem:
        - paragraph:
          - text: Warning Outages
          - time
        - text: Planned work on your street.
        - link "More about this"
    `);
    await expectUsable(ana.page, ana.panel);
  });

  test('a message that was refused says so, and is sent again or discarded', async () => {
    const sending = /\/SendMessage$/;
    await ana.page.context().route(sending, (route) =>
      route.fulfill({
        headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '9', 'grpc-message': 'not now' },
      }),
    );
    for (const text of ['of no use', 'of use']) await ana.thread.write(text);
    const failed = ana.thread.message('of use');
    await expect(failed).toMatchAriaSnapshot(`
      - listitem:
        - text: You of use
        - paragraph: Not sent
        - paragraph: /./
        - button "Try again"
        - button "Discard"
    `);
    await expectUsable(ana.page, ana.panel);
    await ana.page.context().unroute(sending);
    await ana.thread.message('of no use').getByRole('button', { name: 'Discard' }).press('Enter');
    await expect(ana.thread.message('of no use')).toHaveCount(0);
    await failed.getByRole('button', { name: 'Try again' }).press('Enter');
    await ana.thread.expectTick('of use', 'Sent');
    await maria.open('client1');
    await maria.thread.expectMessage('of use');
    await maria.action('Claim').click();
    await expect(ana.thread.event('admin1 is here for you')).toBeVisible();
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
    await expect(mine).toMatchAriaSnapshot(`
      - listitem:
        - text: You
        - textbox "Edit your message": the metre is stuck
        - alert
        - button "Cancel"
        - button "Save"
    `);
    await expectUsable(ana.page, ana.panel);
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
    await expectUsable(ana.page, ana.panel);
    await mine.getByRole('button', { name: 'Cancel' }).click();
  });

  test('a removal is asked for first, and leaves a stub on both sides', async () => {
    await ana.thread.write('my password is 1234');
    await maria.thread.expectMessage('my password is 1234');
    const remove = ana.panel.getByRole('button', { name: 'Remove message: my password' });
    await remove.press('Enter');
    const question = ana.page.getByRole('dialog', { name: 'Remove this message?' });
    await expect(question).toMatchAriaSnapshot(`
      - dialog "Remove this message?":
        - heading "Remove this message?" [level=2]
        - paragraph: It disappears for everybody, and cannot be brought back.
        - alert
        - button "Keep it"
        - button "Remove"
    `);
    await expectUsable(ana.page, ana.panel);
    await ana.page.keyboard.press('Escape');
    await expect(question).toBeHidden();
    await expect(remove).toBeFocused();
    await remove.press('Enter');
    await question.getByRole('button', { name: 'Remove' }).click();
    for (const part of [ana.panel, maria.conversation]) {
      await expect(part.locator('li.message').last()).toContainText('Message removed');
      await expect(part.getByText('my password is 1234')).toHaveCount(0);
    }
    const stub = ana.panel.locator('li.message').last();
    await expect(stub).toBeFocused();
    await expect(stub).toMatchAriaSnapshot(`
      - listitem:
        - emphasis: Message removed
        - paragraph:
          - time
    `);
    await expectUsable(ana.page, ana.panel);
  });

  test('several messages are copied with names and times, one as it is', async () => {
    for (const text of ['first answer', 'second answer', 'third answer']) await maria.thread.write(text);
    await ana.thread.expectMessage('third answer');
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
          - text: Read
        - 'button /^Edit message: the meter is stuck/'
        - 'button /^Remove message: the meter is stuck/'
    `);
  });
});

/** Of a line whose message is in the log. */
async function seqOf(line: Locator): Promise<number> {
  await expect(line).toHaveAttribute('data-seq');
  return Number(await line.getAttribute('data-seq'));
}
