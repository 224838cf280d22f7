import { expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionsContract } from '../identity/sessions.contract.js';
import { Clock } from './clock.js';
import type { Database } from './database.js';
import { embeddedDialect } from './embedded/embedded-dialect.js';
import { openEmbeddedDatabase } from './embedded/embedded-database.js';
import { SqlSessions } from './sessions.js';

sessionsContract(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sessions-'));
  const database = await openEmbeddedDatabase(directory);
  const clock = new Clock();
  return {
    replicas: [new SqlSessions(database, clock), new SqlSessions(database, clock)],
    clock,
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
});

it('keeps the login and name of who signed in, as last seen', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sessions-'));
  const database = await openEmbeddedDatabase(directory);
  const sessions = new SqlSessions(database, new Clock());
  const known = () => database.reader.query('SELECT id, login, display_name FROM person');
  const person = { id: '4', login: 'client1', displayName: 'One', role: 'client' as const };
  await sessions.begin({ id: 's1', person, audience: 'client', refreshHash: 'a' });
  expect(await known()).toEqual([{ id: '4', login: 'client1', display_name: 'One' }]);
  const renamed = { ...person, displayName: 'Uno' };
  await sessions.rotate({ sessionId: 's1', person: renamed, presentedHash: 'a', successorHash: 'b' });
  expect(await known()).toEqual([{ id: '4', login: 'client1', display_name: 'Uno' }]);
  await database.close();
  await rm(directory, { recursive: true });
});

/** A database whose transactions are lost with `code` so many times. */
function losing(times: number, code: string) {
  const failure = Object.assign(new Error('lost'), { code });
  let tries = 0;
  const write = (): Promise<never> => {
    tries += 1;
    return tries > times ? Promise.resolve(undefined as never) : Promise.reject(failure);
  };
  const database = { dialect: embeddedDialect, write, reader: undefined } as unknown as Database;
  return { sessions: new SqlSessions(database, new Clock()), tries: () => tries };
}

it('runs a transaction again that was lost for a passing reason', async () => {
  const { sessions, tries } = losing(2, 'SQLITE_BUSY');
  await sessions.end('s1', 'signed-out');
  expect(tries()).toBe(3);
});

it('says that the database is not available when it stays so', async () => {
  const { sessions } = losing(100, 'SQLITE_BUSY');
  await expect(sessions.end('s1', 'signed-out')).rejects.toMatchObject({
    kind: 'unavailable',
    reason: 'DATABASE_UNAVAILABLE',
  });
});

it('does not repeat what failed for good', async () => {
  const { sessions, tries } = losing(100, 'SQLITE_CORRUPT');
  await expect(sessions.end('s1', 'signed-out')).rejects.toMatchObject({ code: 'SQLITE_CORRUPT' });
  expect(tries()).toBe(1);
});
