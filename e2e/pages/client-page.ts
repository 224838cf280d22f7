import { expect, type Locator, type Page } from '@playwright/test';
import { signInAt } from './sign-in-form.js';
import { ThreadPart } from './thread-part.js';

/** The client portal in one tab of a browser. */
export class ClientPage {
  readonly panel: Locator;
  readonly thread: ThreadPart;

  constructor(readonly page: Page) {
    this.panel = page.getByRole('dialog', { name: 'Chat with support' });
    this.thread = new ThreadPart(this.panel);
  }

  async signIn(login: string): Promise<void> {
    await signInAt(this.page, login);
    await this.expectSignedIn(login);
  }

  async expectSignedIn(login: string): Promise<void> {
    await expect(this.page.getByText(new RegExp(`Good (morning|afternoon|evening), ${login}`))).toBeVisible();
  }

  async openChat(): Promise<void> {
    await this.page.getByRole('button', { name: /^Open the chat/ }).click();
    await expect(this.thread.composer).toBeVisible();
  }
}
