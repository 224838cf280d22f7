import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { reportOf } from './chaos/checker/report.js';
import { chaos } from './chaos/run.js';

/** `npm run chaos` runs longer, harder and with other seeds. */
const PLAN = { seed: 3, minutes: 40 / 60, sends: 3_000, replicas: 2, isCluster: false };

test('under faults from a seed nothing is lost, doubled, out of order or unexpected', async () => {
  test.setTimeout(300_000);
  const folder = fileURLToPath(new URL(`../.cache/chaos/npm-test-${Date.now()}`, import.meta.url));
  const said: string[] = [];
  const verdict = await chaos({ ...PLAN, folder, say: (text) => said.push(text) });
  const report = `${said.join('\n')}\n${reportOf(verdict)}`;
  expect(verdict.findings, `${report}\nkept: ${folder}`).toEqual([]);
  const [sends, changes, , , , announcements] = verdict.figures;
  expect(sends?.attempted).toBeGreaterThanOrEqual(PLAN.sends);
  // A run in which nothing went wrong on the way has tested nothing.
  expect(sends?.recovered, report).toBeGreaterThan(0);
  expect(changes?.acknowledged, report).toBeGreaterThan(0);
  expect(announcements?.attempted, report).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
});
