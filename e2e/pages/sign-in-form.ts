import type { Page } from '@playwright/test';
import { DEMO_PASSWORD } from '../../chat-service/src/database/embedded/demo-data.js';

/** The form that both portals share. */
export async function signInAt(page: Page, login: string, password = DEMO_PASSWORD): Promise<void> {
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
