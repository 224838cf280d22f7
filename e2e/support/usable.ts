/// <reference lib="dom" />
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import { expectAccessible } from './axe.js';

/** Of what is pressed, in pixels: WCAG 2.2, 2.5.8. */
const SMALLEST_TARGET = 24;
/** 1440 x 900 at twice the size. */
const ZOOMED = { width: 720, height: 450 };

/** Whoever needs light or dark, forced colours, calm, large type or large targets can use what this part of it shows. */
export async function expectUsable(page: Page, part: Locator): Promise<void> {
  await expectAccessible(page);
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => ({ id, help }))).toEqual([]);
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ effect }) => effect?.getTiming().iterations === Infinity)
      .map((each) => (each instanceof CSSAnimation ? each.animationName : each.id)),
  );
  expect(moving, 'what moves for ever').toEqual([]);
  const size = page.viewportSize();
  await page.setViewportSize(ZOOMED);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'wider than the page').toBe(0);
  expect(await part.evaluate(smallTargets, SMALLEST_TARGET)).toEqual([]);
  if (size !== null) await page.setViewportSize(size);
  await page.emulateMedia({ forcedColors: null, reducedMotion: null });
}

/** Names of what is shown and smaller than it may be, or not to be scrolled to at all. */
function smallTargets(part: Element, smallest: number): readonly string[] {
  return [...part.querySelectorAll<HTMLElement>('button, textarea, select, summary')]
    .filter((control) => control.checkVisibility())
    .filter((control) => {
      const { width, height, left, right } = control.getBoundingClientRect();
      return width < smallest || height < smallest || left < 0 || right > innerWidth;
    })
    .map((control) => control.getAttribute('aria-label') ?? control.textContent);
}
