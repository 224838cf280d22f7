import { defineConfig } from '@playwright/test';
import journeys from './playwright.config.js';

/** The chaos run of `npm run test:cluster`. */
export default defineConfig({
  ...journeys,
  testMatch: '**/*.cluster.spec.ts',
  testIgnore: [],
});
