import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { EndedSessions } from './ended-sessions.js';
import type { Sessions } from './sessions.port.js';

/** The one question that EndedSessions asks, answered by the test. */
function asking(answer: (seconds: number) => Promise<string[]>, interval = 5_000) {
  const warnings: string[] = [];
  const sessions = { endedWithin: answer } as unknown as Sessions;
  const ended = new EndedSessions(sessions, 480, (text) => warnings.push(text), interval);
  const heard: string[] = [];
  const stop = ended.onEnded((sessionId) => heard.push(sessionId));
  return { ended, heard, stop, warnings };
}

describe('EndedSessions', () => {
  let stopPolling: (() => void) | undefined;
  afterEach(() => stopPolling?.());

  it('tells each session that ended elsewhere once', async () => {
    const answers = [['a'], ['a', 'b'], ['a', 'b']];
    const { ended, heard } = asking(() => Promise.resolve(answers.shift() ?? []));
    await ended.poll();
    await ended.poll();
    await ended.poll();
    expect(heard).toEqual(['a', 'b']);
    expect(ended.has('a')).toBe(true);
    expect(ended.has('c')).toBe(false);
  });

  it('knows at once what ended here, also while it is looking', async () => {
    const { ended, heard } = asking(() => {
      ended.add('during');
      return Promise.resolve([]);
    });
    ended.add('before');
    expect(heard).toEqual(['before']);
    const looking = ended.poll();
    expect(ended.has('before')).toBe(true);
    await looking;
    expect(ended.has('during')).toBe(true);
    expect(heard).toEqual(['before', 'during']);
  });

  it('asks as far back as an access token may still pass, and forgets after that', async () => {
    const asked: number[] = [];
    const answers = [['a'], [], [], []];
    const { ended } = asking((seconds) => {
      asked.push(seconds);
      return Promise.resolve(answers.shift() ?? []);
    });
    for (let look = 0; look < 4; look += 1) await ended.poll();
    expect(asked[0]).toBeGreaterThan(480 + 90);
    expect(ended.has('a')).toBe(false);
  });

  it('keeps what it knows while the database is away, and says so once', async () => {
    const { ended, warnings } = asking(() => Promise.reject(new Error('away')));
    ended.add('a');
    for (let look = 0; look < 4; look += 1) await ended.poll();
    expect(ended.has('a')).toBe(true);
    expect(warnings).toHaveLength(1);
  });

  it('goes on looking until it is stopped, and tells no listener that left', async () => {
    let looks = 0;
    const { ended, heard, stop } = asking(() => Promise.resolve([`session-${(looks += 1)}`]), 1);
    stopPolling = () => ended.stop();
    await ended.start();
    await eventually('a third look', () => looks >= 3);
    stop();
    const told = heard.length;
    await eventually('two more looks', () => looks >= told + 2);
    ended.stop();
    expect(heard).toHaveLength(told);
  });
});
