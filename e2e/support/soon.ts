import { expect } from '@playwright/test';

/** What `read` answers will be as expected within the limit: looks often, so that a limit of one second means one. */
export function soon<T>(read: () => T | Promise<T>, withinMs = 5_000) {
  return expect.poll(read, { timeout: withinMs, intervals: [20] });
}
