import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../config.js';
import { ServiceAccounts } from './service-accounts.js';

const hashOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;
const account = (name: string, key: string, sources = ['billing']) => ({
  name,
  sources,
  keyHash: hashOf(key),
  createdTime: '2026-05-01T12:00:00.000Z',
});
const sources = {
  billing: { shownName: 'Billing' },
  outages: { shownName: 'Outages', recipientsPerHour: 500 },
};

describe('ServiceAccounts', () => {
  let directory: string;
  let file: string;
  let now: number;
  let warnings: { text: string; facts: unknown }[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chat-accounts-'));
    file = join(directory, 'accounts.json');
    now = 0;
    warnings = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (path: string | undefined = file) =>
    new ServiceAccounts(
      path,
      (text, facts) => warnings.push({ text, facts }),
      () => now,
    );
  /** Puts it in place at once, as the command does. */
  const write = (content: unknown): void => {
    writeFileSync(`${file}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    renameSync(`${file}.new`, file);
  };
  /** What the operator reads. */
  const complaint = (content: unknown): string => {
    write(content);
    try {
      open();
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return 'accepted';
  };

  it('gives a source its shown name and its quota, 100,000 recipients an hour where none is said', () => {
    write({ sources, accounts: [] });
    const accounts = open();
    expect(accounts.source('billing')).toEqual({ name: 'billing', shownName: 'Billing', recipientsPerHour: 100_000 });
    expect(accounts.source('outages')).toEqual({ name: 'outages', shownName: 'Outages', recipientsPerHour: 500 });
    expect(accounts.source('Billing')).toBeUndefined();
    expect(accounts.source('constructor')).toBeUndefined();
  });

  it.each(['Billing', ' billing', 'B I L L I N G', 'Bílling', 'Bil\u200bling', 'Ｂilling'])(
    'knows that %j could be taken for a source’s name',
    (name) => {
      writeFileSync(file, JSON.stringify({ sources, accounts: [] }));
      expect(open().isShownName(name)).toBe(true);
      expect(open().isShownName(`${name} 2`)).toBe(false);
    },
  );

  it('knows an account by its key alone', () => {
    write({ sources, accounts: [account('nightly', 'eck_one'), account('both', 'eck_two', ['billing', 'outages'])] });
    const accounts = open();
    expect(accounts.accountOf('eck_one')).toEqual({ name: 'nightly', sources: ['billing'] });
    expect(accounts.accountOf('eck_two')).toEqual({ name: 'both', sources: ['billing', 'outages'] });
    for (const wrong of ['eck_three', 'eck_on', 'eck_one ', '', 'nightly', hashOf('eck_one')]) {
      expect(accounts.accountOf(wrong)).toBeUndefined();
    }
  });

  it('has no source and no account without a file, or before there is one', () => {
    for (const none of [new ServiceAccounts(undefined, () => undefined), open()]) {
      expect(none.source('billing')).toBeUndefined();
      expect(none.accountOf('eck_one')).toBeUndefined();
    }
  });

  it('takes over what is made, changed and revoked, looking at most every 5 s', () => {
    const accounts = open();
    write({ sources, accounts: [account('nightly', 'eck_one')] });
    expect(accounts.accountOf('eck_one')).toBeUndefined();
    now += 4_999;
    expect(accounts.accountOf('eck_one')).toBeUndefined();
    now += 1;
    expect(accounts.accountOf('eck_one')).toMatchObject({ name: 'nightly' });
    write({ sources, accounts: [] });
    expect(accounts.accountOf('eck_one')).toMatchObject({ name: 'nightly' });
    now += 5_000;
    expect(accounts.accountOf('eck_one')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('keeps what it has while the new version cannot be used, and says so once', () => {
    write({ sources, accounts: [account('nightly', 'eck_one')] });
    const accounts = open();
    write('{ "sources": ');
    for (let look = 0; look < 3; look += 1) {
      now += 5_000;
      expect(accounts.accountOf('eck_one')).toMatchObject({ name: 'nightly' });
    }
    rmSync(file);
    now += 5_000;
    expect(accounts.accountOf('eck_one')).toMatchObject({ name: 'nightly' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ facts: { err: { message: expect.stringContaining(file) } } });

    write({ sources, accounts: [account('nightly', 'eck_two')] });
    now += 5_000;
    expect(accounts.accountOf('eck_one')).toBeUndefined();
    expect(accounts.accountOf('eck_two')).toMatchObject({ name: 'nightly' });
  });

  it.each([
    ['{ "sources": ', 'is not JSON'],
    [{}, 'sources: write an object'],
    [[], 'the file: '],
    [
      { sources: { 'bill ing': { shownName: 'x' } }, accounts: [] },
      'sources["bill ing"]: name it by 1 to 57 printable',
    ],
    [{ sources: { ['b'.repeat(58)]: { shownName: 'x' } }, accounts: [] }, 'name it by 1 to 57 printable'],
    [{ sources: { '': { shownName: 'x' } }, accounts: [] }, 'name it by 1 to 57 printable'],
    [{ sources: { billing: { shownName: '' } }, accounts: [] }, 'sources.billing.shownName: write 1 to 255'],
    [{ sources: { billing: {} }, accounts: [] }, 'sources.billing.shownName: write 1 to 255'],
    [{ sources: { billing: { shownName: 'a\nb' } }, accounts: [] }, 'sources.billing.shownName: write 1 to 255'],
    [
      { sources: { billing: { shownName: 'x', recipientsPerHour: 0 } }, accounts: [] },
      'sources.billing.recipientsPerHour: write 1 or more',
    ],
    [
      { sources: { billing: { shownName: 'x', recipientsPerHour: 1.5 } }, accounts: [] },
      'sources.billing.recipientsPerHour: write a whole number',
    ],
    [
      { sources: { billing: { shownName: 'x', quota: 1 } }, accounts: [] },
      'sources.billing: Unrecognized key: "quota"',
    ],
    [{ sources, accounts: [account('a', 'k', [])] }, 'accounts[0].sources: name at least one source'],
    [{ sources, accounts: [account('a', 'k', ['metering'])] }, 'accounts[0].sources[0]: "metering" is not among'],
    [{ sources, accounts: [account('a', 'k', ['toString'])] }, 'accounts[0].sources[0]: "toString" is not among'],
    [{ sources, accounts: [account('a', 'k'), account('a', 'l')] }, 'accounts[1].name: is taken'],
    [{ sources, accounts: [account('a', 'k'), account('b', 'k')] }, 'accounts[1].keyHash: stands above'],
    [{ sources, accounts: [{ ...account('a', 'k'), keyHash: 'k' }] }, 'accounts[0].keyHash: write sha256:'],
    [{ sources, accounts: [{ ...account('a', 'k'), createdTime: 'today' }] }, 'accounts[0].createdTime: write a time'],
  ])('refuses %j, naming the file, the place and the cure', (content, cure) => {
    const text = complaint(content);
    expect(text).toContain(`SERVICE_ACCOUNTS_FILE: "${file}"`);
    expect(text).toContain(cure);
  });

  it('names the file that it may not read', () => {
    expect(() => open(directory)).toThrow(`SERVICE_ACCOUNTS_FILE: cannot read "${directory}"`);
  });
});
