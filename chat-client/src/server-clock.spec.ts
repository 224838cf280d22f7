import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerClock } from './server-clock.js';

const NOON = Date.UTC(2026, 2, 12, 12);
const HOUR = 3_600_000;

describe('ServerClock', () => {
  const clock = (): ServerClock => new ServerClock();

  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  it('goes by the device until something contradicts it', () => {
    const told = clock();
    told.read(timestampFromMs(NOON - 24 * HOUR));
    expect(told.now()).toBe(NOON);
  });

  it('is not before what was written already', () => {
    const told = clock();
    told.read(timestampFromMs(NOON + HOUR));
    expect(told.now()).toBe(NOON + HOUR);
    vi.advanceTimersByTime(5_000);
    expect(told.now()).toBe(NOON + HOUR + 5_000);
  });

  it('is the time of what has just been written, however far off the device is', () => {
    const told = clock();
    told.heard(timestampFromMs(NOON - 3 * HOUR));
    expect(told.now()).toBe(NOON - 3 * HOUR);
    told.read(timestampFromMs(NOON - 10 * HOUR));
    expect(told.now()).toBe(NOON - 3 * HOUR);
  });
});
