import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRefreshKey } from './refresh-token.js';
import { loadSigningKeys } from './signing-keys.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function keyFile(name: string, type: 'ed25519' | 'x25519' = 'ed25519'): Promise<string> {
  const { privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  const path = join(directory, name);
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return path;
}

describe('signing keys', () => {
  it('are made once, for their owner alone, also when replicas start at once', async () => {
    const data = join(directory, 'data');
    const all = await Promise.all([1, 2, 3, 4].map(() => loadSigningKeys(undefined, data)));
    expect(new Set(all.map(({ signing }) => signing.id)).size).toBe(1);
    expect((await loadSigningKeys(undefined, data)).signing.id).toBe(all[0]?.signing.id);
    expect(await readdir(data)).toEqual(['signing-key.pem']);
    const { mode } = await stat(join(data, 'signing-key.pem'));
    expect(mode & 0o777).toBe(0o600);
  });

  it('come from the files named: the first signs, all verify', async () => {
    const [first, second] = [await keyFile('first.pem'), await keyFile('second.pem')];
    const keys = await loadSigningKeys(`${first}, ${second}`, directory);
    const other = await loadSigningKeys(`${second},${first}`, directory);
    expect([...keys.verifying.keys()]).toEqual([...other.verifying.keys()].reverse());
    expect(keys.signing.id).toBe([...keys.verifying.keys()][0]);
    expect(keys.signing.id).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('refuses a file that is missing or holds something else, naming the setting and the cure', async () => {
    await expect(loadSigningKeys(join(directory, 'gone.pem'), directory)).rejects.toThrow(
      /SIGNING_KEY_FILES.*gone\.pem/,
    );
    await expect(loadSigningKeys(await keyFile('x.pem', 'x25519'), directory)).rejects.toThrow(/openssl genpkey/);
  });
});

describe('the refresh key', () => {
  it('is made once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => loadRefreshKey(undefined, directory)));
    expect(new Set(all.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect(all[0]).toHaveLength(32);
  });

  it('is refused when it is short', async () => {
    const path = join(directory, 'short');
    await writeFile(path, 'x'.repeat(31));
    await expect(loadRefreshKey(path, directory)).rejects.toThrow(/REFRESH_KEY_FILE.*31 bytes/);
  });
});
