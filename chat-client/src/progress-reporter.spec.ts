import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressReporter, type ProgressMark } from './progress-reporter.js';
import { pass, useFakeTime } from './testing/time.js';

describe('ProgressReporter', () => {
  let sent: ProgressMark[];
  let fail: boolean;
  let reporter: ProgressReporter;

  beforeEach(() => {
    useFakeTime();
    sent = [];
    fail = false;
    reporter = new ProgressReporter((mark) => {
      sent.push(mark);
      return fail ? Promise.reject(new Error('away')) : Promise.resolve();
    });
  });
  afterEach(() => void vi.useRealTimers());

  it('gathers marks into one call', async () => {
    for (let seq = 1; seq <= 20; seq += 1) reporter.reached({ deliveredSeq: seq, readSeq: 0 });
    reporter.reached({ deliveredSeq: 20, readSeq: 5 });
    await pass(500);
    expect(sent).toEqual([{ deliveredSeq: 20, readSeq: 5 }]);
  });

  it('sends only what is new, and never goes back', async () => {
    reporter.reached({ deliveredSeq: 5, readSeq: 2 });
    await pass(200);
    reporter.reached({ deliveredSeq: 4, readSeq: 3 });
    await pass(200);
    reporter.reached({ deliveredSeq: 5, readSeq: 3 });
    await pass(200);
    expect(sent).toEqual([
      { deliveredSeq: 5, readSeq: 2 },
      { deliveredSeq: 0, readSeq: 3 },
    ]);
  });

  it('is silent about what the service has already', async () => {
    reporter.knownToService({ deliveredSeq: 5, readSeq: 5 });
    reporter.reached({ deliveredSeq: 5, readSeq: 4 });
    await pass(200);
    expect(sent).toEqual([]);
  });

  it('keeps a failed mark for the next flush', async () => {
    fail = true;
    reporter.reached({ deliveredSeq: 5, readSeq: 0 });
    await pass(500);
    expect(sent).toHaveLength(1);
    fail = false;
    reporter.flush();
    await pass(200);
    expect(sent.at(-1)).toEqual({ deliveredSeq: 5, readSeq: 0 });
    reporter.flush();
    await pass(200);
    expect(sent).toHaveLength(2);
  });
});
