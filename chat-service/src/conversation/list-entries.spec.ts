import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../database/clock.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../database/embedded/embedded-database.js';
import { SqlConversationLog } from '../database/sql-conversation-log.js';
import { CommitBroadcast } from './commit-broadcast.js';
import { ListEntries } from './list-entries.js';

const newest = { position: null, pageSize: 0, pageToken: '' };

describe('a page of history', () => {
  let directory: string;
  let database: EmbeddedDatabase;
  let log: SqlConversationLog;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'history-'));
    database = await openEmbeddedDatabase(directory);
    log = new SqlConversationLog(
      database,
      { clock: new Clock(), adminPortalUrl: '', clientPortalUrl: '' },
      new CommitBroadcast(),
    );
  });
  afterAll(async () => {
    await log.close();
    await database.close();
    await rm(directory, { recursive: true });
  });

  it('is empty for a conversation in which nothing was written', async () => {
    const { id } = await log.conversationOf({ id: '4', login: 'client1', displayName: 'client1' });
    expect(await new ListEntries(log).run({ conversationId: id, ...newest })).toMatchObject({
      entries: [],
      nextPageToken: '',
    });
  });

  it('is refused for a conversation that does not exist', async () => {
    await expect(new ListEntries(log).run({ conversationId: 'nope', ...newest })).rejects.toMatchObject({
      kind: 'not-found',
      reason: 'CONVERSATION_NOT_FOUND',
    });
  });
});
