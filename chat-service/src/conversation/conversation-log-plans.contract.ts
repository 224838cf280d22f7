import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SqlConversationLog } from '../database/sql-conversation-log.js';
import { replicaOn, type LogDatabases } from '../testing/log-under-test.js';
import { gatherStatistics, planOf } from '../testing/query-plan.js';
import { TappedDatabase } from '../testing/tapped-database.js';
import type { Person } from '../identity/caller.js';

/** What the log's queries cost on every engine: ranges of an index, whatever the tables hold. */
export function conversationLogPlansContract(open: () => Promise<LogDatabases>): void {
  describe('reads ranges of an index and sorts nothing', () => {
    let databases: LogDatabases;
    const threads: { client: Person; id: string }[] = [];

    beforeAll(async () => {
      databases = await open();
      const { desk, log } = replicaOn(databases.replicas[0]);
      threads.push(...(await Promise.all(Array.from({ length: 300 }, () => desk.newClient()))));
      await Promise.all(
        threads.flatMap(({ client, id }, index) =>
          Array.from({ length: index < 3 ? 500 : 5 }, () => desk.send(client, id)),
        ),
      );
      await log.close();
      await gatherStatistics(databases.replicas[0]);
    });
    afterAll(() => databases.close());

    const first = (): { client: Person; id: string } => {
      const [thread] = threads;
      if (thread === undefined) throw new Error('There is no thread');
      return thread;
    };
    const plansOf = async (tap: TappedDatabase, words: string) => {
      const found = [...tap.reads, ...tap.writes].filter(({ sql }) => sql.includes(words));
      expect(found).not.toHaveLength(0);
      return Promise.all(found.map(({ sql, params }) => planOf(databases.replicas[0], sql, params)));
    };

    it.each([
      ['after a seq', (log: SqlConversationLog, id: string) => log.entriesAfter(id, 250, 100), 'FROM entry', 'PRIMARY'],
      [
        'before a seq',
        (log: SqlConversationLog, id: string) => log.entriesBefore(id, 250, 100),
        'FROM entry',
        'PRIMARY',
      ],
      [
        'of the newest',
        (log: SqlConversationLog, id: string) => log.entriesBefore(id, 2 ** 32 - 1, 50),
        'FROM entry',
        'PRIMARY',
      ],
      [
        'by ids',
        (log: SqlConversationLog, id: string) => log.conversations([id, 'x', 'y']),
        'FROM conversation',
        'PRIMARY',
      ],
      [
        'of versions',
        (log: SqlConversationLog, id: string) => log.versions([id, 'x', 'y']),
        'FROM conversation',
        'PRIMARY',
      ],
      [
        'by client',
        (log: SqlConversationLog) => log.conversationIdOf(first().client.id),
        'FROM conversation',
        'conversation_client',
      ],
    ])('for a read %s', async (_, read, words, index) => {
      const tap = new TappedDatabase(databases.replicas[0]);
      await read(replicaOn(tap).log, first().id);
      expect(await plansOf(tap, words)).toEqual([{ indexes: [index], sorts: false }]);
    });

    it.each([1, 200])('for what a batch of %i looks up', async (count) => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const { desk, log, batches } = replicaOn(tap, { lanes: 1 });
      const some = threads.slice(0, count);
      const { client, id } = first();
      await Promise.all([
        desk.mark(client, id, 1, 0),
        ...some.map((thread) => desk.send(thread.client, thread.id)),
        ...(count === 1 ? [] : some.slice(0, 50).map((thread) => desk.mark(thread.client, thread.id, 2, 2))),
      ]);
      await log.close();
      expect(batches).toEqual([1, count === 1 ? 1 : count + 50]);

      for (const { indexes } of await plansOf(tap, 'now_at')) expect(new Set(indexes)).toEqual(new Set(['PRIMARY']));
      const [repeats] = await plansOf(tap, 'request_id = ?');
      expect(new Set(repeats?.indexes)).toEqual(new Set(['entry_request']));
      for (const { indexes } of count === 1 ? [] : await plansOf(tap, 'count_key')) {
        expect(new Set(indexes)).toEqual(new Set(['PRIMARY']));
      }
    });
  });
}
