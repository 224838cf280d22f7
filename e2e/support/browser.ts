import { type Browser, chromium } from '@playwright/test';
import { findProgram } from '../../scripts/services/programs.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium of this system, without a window. */
export function launchBrowser(): Promise<Browser> {
  const given = process.env.TEST_CHROMIUM ?? '';
  const executablePath = given === '' ? findProgram(NAMES) : given;
  if (executablePath === undefined) {
    throw new Error('Chromium is missing: install it (Debian: apt-get install chromium), or set TEST_CHROMIUM.');
  }
  // As root, which containers are, Chromium's sandbox does not work.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}
