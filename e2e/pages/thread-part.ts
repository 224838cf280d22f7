import { expect, type Locator } from '@playwright/test';

export type Tick = 'Sending' | 'Sent' | 'Delivered' | 'Read';

/** The thread and its composer, which both portals share. */
export class ThreadPart {
  readonly composer: Locator;
  readonly typing: Locator;
  readonly scroller: Locator;
  private readonly messages: Locator;

  constructor(private readonly scope: Locator) {
    this.composer = scope.getByRole('textbox', { name: 'Your message' });
    this.typing = scope.locator('.typing.shown');
    this.scroller = scope.getByRole('region', { name: 'Conversation' });
    this.messages = scope.locator('li.message');
  }

  message(text: string): Locator {
    return this.messages.filter({ has: this.scope.page().getByText(text, { exact: true }) });
  }

  /** By the keyboard. Answers once the thread shows it, sent or not. */
  async write(text: string): Promise<void> {
    await this.composer.click();
    await this.composer.pressSequentially(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
    await expect(this.message(text)).toHaveCount(1);
  }

  async expectMessage(text: string, withinMs = 5_000): Promise<void> {
    await expect(this.message(text)).toBeVisible({ timeout: withinMs });
  }

  async expectTick(text: string, tick: Tick, withinMs = 5_000): Promise<void> {
    await expect(this.message(text).locator('.tick')).toContainText(tick, { timeout: withinMs });
  }

  /** What happened to the case, in the words of this side. */
  event(text: string | RegExp): Locator {
    return this.scope.locator('li.divider.case').filter({ hasText: text });
  }

  /** Of messages that begin with this, in the order of the thread. */
  async textsBeginning(prefix: string): Promise<string[]> {
    const texts = await this.messages.locator('chat-message-text').allInnerTexts();
    return texts.map((text) => text.trim()).filter((text) => text.startsWith(prefix));
  }
}
