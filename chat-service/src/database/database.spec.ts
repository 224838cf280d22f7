import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded/embedded-database.js';

describe('what is safe to repeat', () => {
  let directory: string;
  let database: EmbeddedDatabase;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'database-'));
    database = await openEmbeddedDatabase(directory);
  });
  afterEach(async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });

  /** Work that is lost with `code` so many times, then answers. */
  function losing(times: number, code: string) {
    let tries = 0;
    const work = (): Promise<string> => {
      tries += 1;
      return tries > times ? Promise.resolve('answered') : Promise.reject(Object.assign(new Error('lost'), { code }));
    };
    return { work, tries: () => tries };
  }

  it('is run again when it was lost for a passing reason', async () => {
    const { work, tries } = losing(2, 'SQLITE_BUSY');
    expect(await database.answered(work)).toBe('answered');
    expect(tries()).toBe(3);
  });

  it('is answered with UNAVAILABLE when it stays so', async () => {
    const { work } = losing(100, 'SQLITE_BUSY');
    await expect(database.answered(work)).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'DATABASE_UNAVAILABLE',
    });
  });

  it('is not run again when it failed for good', async () => {
    const { work, tries } = losing(100, 'SQLITE_CORRUPT');
    await expect(database.answered(work)).rejects.toMatchObject({ code: 'SQLITE_CORRUPT' });
    expect(tries()).toBe(1);
  });

  it('sees what is committed', async () => {
    await database.write((manager) => manager.query("INSERT INTO log_epoch (id, epoch) VALUES (7, 'seven')"));
    expect(await database.read('SELECT epoch FROM log_epoch WHERE id = ?', [7])).toEqual([{ epoch: 'seven' }]);
  });
});
