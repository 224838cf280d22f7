import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { outboxContract } from '../announcement/outbox.contract.js';
import { outboxOnSqlite } from '../testing/outbox-under-test.js';
import { ANNOUNCEMENT_TYPES, type AnnouncementType } from '../announcement/announcement.js';
import { Clock } from './clock.js';
import { openEmbeddedDatabase } from './embedded/embedded-database.js';
import { SqlOutbox } from './outbox.js';

describe('SqlOutbox on SQLite', () => {
  outboxContract(outboxOnSqlite);

  it('reads ranges of the types that are not parked and nothing else, however many rows a parked type has', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'energy-chat-outbox-'));
    const database = await openEmbeddedDatabase(directory);
    const { reader } = database;
    const run = reader.query.bind(reader);
    const statements: { sql: string; parameters: unknown }[] = [];
    reader.query = (sql, parameters) => {
      statements.push({ sql, parameters });
      return run(sql, parameters);
    };
    const parked: AnnouncementType[] = ['energy.chat.case.closed.v1', 'energy.chat.case.opened.v1'];
    const others = ANNOUNCEMENT_TYPES.filter((type) => !parked.includes(type));
    await new SqlOutbox(database, new Clock()).next(500, parked);
    expect(statements).toHaveLength(1);
    const plan = await run<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${statements[0]?.sql}`, [...others]);
    const reads = plan.map(({ detail }) => detail).filter((detail) => detail.includes('outbox'));
    expect(reads).toEqual(Array(others.length).fill('SEARCH outbox USING INDEX outbox_type (type=?)'));
    await database.close();
    await rm(directory, { recursive: true });
  });
});
