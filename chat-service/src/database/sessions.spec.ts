import { expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionsContract } from '../identity/sessions.contract.js';
import { Clock } from './clock.js';
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
  await sessions.begin({ id: 's1', person, audience: 'client', refreshHash: 'a', userAgent: '' });
  expect(await known()).toEqual([{ id: '4', login: 'client1', display_name: 'One' }]);
  const renamed = { ...person, displayName: 'Uno' };
  await sessions.rotate({ sessionId: 's1', person: renamed, presentedHash: 'a', successorHash: 'b' });
  expect(await known()).toEqual([{ id: '4', login: 'client1', display_name: 'Uno' }]);
  await database.close();
  await rm(directory, { recursive: true });
});
