import { defineConfig } from '@playwright/test';

/** Journeys over real servers; `npm test` starts these and names them in the environment. */
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  // They take a cluster: playwright.cluster.config.ts.
  testIgnore: '**/*.cluster.spec.ts',
  outputDir: '../test-results/e2e',
  // Each journey starts replicas of its own: two at once on two cores would measure each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  // A journey that passes only at the second try has found something.
  retries: 0,
  timeout: 180_000,
  globalTimeout: 14 * 60_000,
  expect: { timeout: 15_000 },
});
