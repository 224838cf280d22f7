import { expect } from '@playwright/test';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reportOf } from './checker/report.js';
import { chaos, type ChaosPlan } from './run.js';

/** A run as a test: fails with all that was said when a promise was broken, or nothing was put to the test. Answers the same. */
export async function shortRun(plan: Omit<ChaosPlan, 'folder' | 'say'>): Promise<string> {
  const folder = fileURLToPath(new URL(`../../.cache/chaos/test-${plan.seed}-${Date.now()}`, import.meta.url));
  const said: string[] = [];
  const verdict = await chaos({ ...plan, folder, say: (text) => said.push(text) });
  const report = `${said.join('\n')}\n\n${reportOf(verdict)}`;
  expect(verdict.findings, `${report}\nkept: ${folder}`).toEqual([]);
  const [sends, changes, , , , announcements] = verdict.figures;
  expect(sends?.attempted).toBeGreaterThanOrEqual(plan.sends);
  // A run in which nothing went wrong on the way has tested nothing.
  expect(sends?.recovered, report).toBeGreaterThan(0);
  expect(changes?.acknowledged, report).toBeGreaterThan(0);
  expect(announcements?.attempted, report).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
  return report;
}
