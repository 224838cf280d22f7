import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryBrowser } from '../testing/memory-browser.js';
import { pass, settle, useFakeTime } from '../testing/time.js';
import { TabRefreshLock } from './tab-refresh-lock.js';

describe('TabRefreshLock', () => {
  let browser: MemoryBrowser;

  beforeEach(() => {
    useFakeTime();
    browser = new MemoryBrowser();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('answers what the work answers, one work at a time among tabs', async () => {
    const [one, two] = [browser.open(), browser.open()].map(({ locks }) => new TabRefreshLock(locks, 'client'));
    const order: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      order.push(`${name} begins`);
      await settle();
      order.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([one?.run(work('one')), two?.run(work('two'))])).toEqual(['one', 'two']);
    expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('throws what the work throws, and is free again', async () => {
    const lock = new TabRefreshLock(browser.open().locks, 'client');
    await expect(lock.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lock.run(() => Promise.resolve('yes'))).toBe('yes');
  });

  it('is free again when the tab that holds it dies', async () => {
    const dying = browser.open();
    void new TabRefreshLock(dying.locks, 'client').run(() => new Promise(() => undefined));
    const next = new TabRefreshLock(browser.open().locks, 'client').run(() => Promise.resolve('next'));
    await settle();
    dying.kill();
    expect(await next).toBe('next');
  });

  it('leaves a frozen tab after 20 s', async () => {
    const frozen = browser.open();
    const first = new TabRefreshLock(frozen.locks, 'client').run(() => new Promise(() => undefined));
    const refused = expect(first).rejects.toThrow('stolen');
    await settle();
    frozen.freeze();
    let got = '';
    void new TabRefreshLock(browser.open().locks, 'client').run(() => Promise.resolve('next')).then((it) => (got = it));
    await pass(19_900);
    expect(got).toBe('');
    await pass(200);
    expect(got).toBe('next');
    frozen.thaw();
    await refused;
  });

  it('does not make the portals of one origin wait for each other', async () => {
    const { locks } = browser.open();
    void new TabRefreshLock(locks, 'client').run(() => new Promise(() => undefined));
    expect(await new TabRefreshLock(locks, 'admin').run(() => Promise.resolve('admin'))).toBe('admin');
  });
});
