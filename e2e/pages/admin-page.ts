import { expect, type Locator, type Page } from '@playwright/test';
import { signInAt } from './sign-in-form.js';
import { ThreadPart } from './thread-part.js';

export type InboxTab = 'Waiting' | 'Mine' | 'Others’' | 'Closed';

/** The admin portal in one tab of a browser. */
export class AdminPage {
  readonly conversation: Locator;
  readonly thread: ThreadPart;

  constructor(readonly page: Page) {
    this.conversation = page.locator('#conversation');
    this.thread = new ThreadPart(this.conversation);
  }

  async signIn(login: string): Promise<void> {
    await signInAt(this.page, login);
    await this.expectSignedIn(login);
  }

  async expectSignedIn(login: string): Promise<void> {
    await expect(this.page.getByRole('banner').getByRole('button', { name: login })).toBeVisible();
  }

  async setAvailable(isAvailable: boolean): Promise<void> {
    const banner = this.page.getByRole('banner');
    await banner.getByRole('button', { name: 'Account' }).click();
    const choice = this.page.getByRole('menuitemcheckbox', { name: 'Available to clients' });
    if ((await choice.getAttribute('aria-checked')) === String(isAvailable)) await this.page.keyboard.press('Escape');
    else await choice.click();
    await expect(banner.getByText(isAvailable ? 'Available' : 'Away')).toBeVisible();
  }

  tab(name: InboxTab): Locator {
    return this.page.getByRole('tab', { name: new RegExp(`^\\s*${name}`) });
  }

  row(client: string): Locator {
    return this.page.getByRole('option').filter({ has: this.page.getByText(client, { exact: true }) });
  }

  /** A conversation of the list, into the front. */
  async open(client: string): Promise<void> {
    await this.row(client).click();
    await expect(this.conversation.getByRole('heading', { name: client })).toBeVisible();
  }

  action(name: 'Claim' | 'Release' | 'Take over' | 'Close'): Locator {
    return this.conversation.getByRole('button', { name, exact: true });
  }

  async closeCase(): Promise<void> {
    await this.action('Close').click();
    await this.page.getByRole('button', { name: 'Close the case' }).click();
  }
}
