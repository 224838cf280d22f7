import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceAccounts } from './service-accounts.js';

const command = fileURLToPath(new URL('../../../scripts/service-account.mjs', import.meta.url));

describe('npm run service-account', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chat-accounts-'));
    file = join(directory, 'data', 'accounts.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs it as npm does, with the file in the environment. */
  const run = (...args: string[]): Promise<{ code: number; output: string; words: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, SERVICE_ACCOUNTS_FILE: file, NODE_OPTIONS: '' };
      execFile(process.execPath, [command, ...args], { env }, (error, output, words) =>
        resolve({ code: error === null ? 0 : Number(error.code), output, words }),
      );
    });
  const read = (): ServiceAccounts =>
    new ServiceAccounts(file, (text) => {
      throw new Error(text);
    });

  it('makes an account and its source, which the service then takes by the key that was printed', async () => {
    const { code, output } = await run('create', 'nightly', '--source', 'billing', '--shown-name', 'Billing');
    expect(code).toBe(0);
    expect(output).toMatch(/^eck_[A-Za-z0-9_-]{43}\n$/);
    expect(read().accountOf(output.trim())).toEqual({ name: 'nightly', sources: ['billing'] });
    expect(read().source('billing')).toEqual({ name: 'billing', shownName: 'Billing', recipientsPerHour: 100_000 });
    // The key itself is kept nowhere, and nobody else may read the hashes.
    expect(readFileSync(file, 'utf8')).not.toContain(output.trim());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'data'))).toEqual(['accounts.json']);
  });

  it('lists accounts without a word of their keys, and revokes one of them', async () => {
    await run('create', 'nightly', '--source', 'billing', '--shown-name', 'Billing');
    await run('create', 'alerts', '--source', 'outages', '--shown-name', 'Outages');
    const { output: key } = await run('create', 'both', '--source', 'billing', '--source', 'outages');
    const { output } = await run('list');
    expect(output.trim().split('\n')).toEqual([
      expect.stringMatching(/^nightly .*billing \(Billing\)$/),
      expect.stringMatching(/^alerts .*outages \(Outages\)$/),
      expect.stringMatching(/^both .*billing \(Billing\), outages \(Outages\)$/),
    ]);
    expect(output).not.toMatch(/eck_|sha256/);

    expect(await run('revoke', 'nightly')).toMatchObject({ code: 0 });
    expect((await run('list')).output).not.toContain('nightly');
    expect(read().accountOf(key.trim())).toEqual({ name: 'both', sources: ['billing', 'outages'] });
  });

  it('loses none of those that are made at once', async () => {
    await run('create', 'first', '--source', 'billing', '--shown-name', 'Billing');
    const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => run('create', name, '--source', 'billing')));
    for (const { output } of made) expect(read().accountOf(output.trim())).toBeDefined();
  });

  it.each([
    ['a name that is taken', ['create', 'nightly', '--source', 'billing'], 'There is an account nightly already'],
    ['a source that is not there', ['create', 'x', '--source', 'metering'], 'There is no source metering, but billing'],
    ['a source that no setting has', ['create', 'x', '--source', 'toString'], 'There is no source toString'],
    ['no source', ['create', 'x'], 'Say by --source'],
    ['a source made twice', ['create', 'x', '--source', 'billing', '--shown-name', 'Bills'], 'is there already'],
    ['a name with a space', ['create', 'x y', '--source', 'billing'], 'x y: name it by'],
    ['a source with a space', ['create', 'x', '--source', 'a b', '--shown-name', 'A'], 'a b: name a source by'],
    ['an empty shown name', ['create', 'x', '--source', 'a', '--shown-name', ''], '--shown-name: write 1 to 255'],
    ['two new sources', ['create', 'x', '--source', 'a', '--source', 'b', '--shown-name', 'A'], 'makes one source'],
    ['an account that is not there', ['revoke', 'x'], 'There is no account x'],
    ['an option that is not there', ['list', '--keys'], 'Usage:'],
    ['a word too much', ['revoke', 'nightly', 'x'], 'Usage:'],
    ['no command', [], 'Usage:'],
  ])('refuses %s, and says what to do', async (_what, args, cure) => {
    await run('create', 'nightly', '--source', 'billing', '--shown-name', 'Billing');
    const before = readFileSync(file, 'utf8');
    const { code, output, words } = await run(...args);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(words).toContain(cure);
    expect(words).not.toContain('    at ');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(join(directory, 'data'))).toEqual(['accounts.json']);
  });

  it('does not write over a file that it does not understand', async () => {
    await run('create', 'nightly', '--source', 'billing', '--shown-name', 'Billing');
    writeFileSync(file, '{}');
    const { code, words } = await run('create', 'x', '--source', 'billing', '--shown-name', 'Billing');
    expect(code).toBe(1);
    expect(words).toContain(`${file} is not a file of service accounts`);
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });
});
