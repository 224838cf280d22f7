import { setTimeout } from 'node:timers/promises';

/**
 * Waits until `read` answers something other than undefined and false, and answers that. Fails after `withinMs` with
 * what was awaited. For conditions that no event tells of; it never waits longer than the condition needs.
 */
export async function eventually<T>(
  awaited: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await read();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain: ${awaited}`);
    await setTimeout(10);
  }
}
