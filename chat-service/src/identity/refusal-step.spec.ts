import { describe, expect, it } from '@jest/globals';
import { RefusalStep } from './refusal-step.js';

describe('RefusalStep', () => {
  it.each([
    [0, 500],
    [1, 499],
    [499, 1],
    [500, 0],
    [501, 499],
    [1_730, 270],
  ])('after %d ms waits %d ms more', async (passed, more) => {
    const waits: number[] = [];
    let now = 10_000;
    const step = new RefusalStep(
      () => now,
      (milliseconds) => {
        waits.push(milliseconds);
        return Promise.resolve();
      },
    );
    const arrival = step.now();
    now += passed;
    await step.since(arrival);
    expect(waits).toEqual([more]);
  });
});
