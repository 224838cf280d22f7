import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assigneeOf } from '../conversation/case-changes.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Database } from '../database/database.js';
import { SqlInbox } from '../database/sql-inbox.js';
import { replicaOn, type LogDatabases } from '../testing/log-under-test.js';
import { gatherStatistics, planOf, type QueryPlan } from '../testing/query-plan.js';
import { conversationAfter, storeConversations } from '../testing/stored-conversations.js';
import { TappedDatabase } from '../testing/tapped-database.js';
import { alma, ben } from '../testing/thread.js';
import type { Inbox, InboxFilter, InboxPosition } from './inbox.port.js';

const START = 1_764_000_000_000_000;
const filters: InboxFilter[] = ['waiting', 'mine', 'others', 'closed'];

/** What every adapter of `Inbox` promises, on the rows that its log writes. */
export function inboxContract(open: () => Promise<LogDatabases>): void {
  /** All ids of a list in pages of `size`. */
  const walk = async (inbox: Inbox, filter: InboxFilter, size: number): Promise<string[]> => {
    const ids: string[] = [];
    let after: InboxPosition | null = null;
    do {
      const page = await inbox.list(filter, alma.id, size, after);
      expect(page.conversations.length).toBeLessThanOrEqual(size);
      if (page.next !== null) expect(page.conversations).toHaveLength(size);
      ids.push(...page.conversations.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    return ids;
  };

  describe('the inbox of a small morning', () => {
    let databases: LogDatabases;
    let inbox: Inbox;
    beforeAll(async () => {
      databases = await open();
      inbox = new SqlInbox(databases.replicas[1]);
    });
    afterAll(() => databases.close());

    it('lists each conversation where it belongs, as cases open, move and close', async () => {
      const { desk, log } = replicaOn(databases.replicas[0]);
      const listed = async (): Promise<Record<string, string[]>> =>
        Object.fromEntries(
          await Promise.all(filters.map(async (filter) => [filter, await walk(inbox, filter, 10)] as const)),
        );
      const { client, id } = await desk.newClient();
      const nowhere = { waiting: [], mine: [], others: [], closed: [] };
      expect(await listed()).toEqual(nowhere);
      await desk.send(client, id);
      expect(await listed()).toEqual({ ...nowhere, waiting: [id] });
      expect(await inbox.counts(alma.id)).toEqual({ waiting: 1, mine: 0, others: 0 });
      await desk.send(alma, id);
      expect(await listed()).toEqual({ ...nowhere, mine: [id] });
      expect(await inbox.counts(alma.id)).toEqual({ waiting: 0, mine: 1, others: 0 });
      await desk.transfer(alma, await desk.conversation(id), ben);
      expect(await listed()).toEqual({ ...nowhere, others: [id] });
      expect(await inbox.counts(alma.id)).toEqual({ waiting: 0, mine: 0, others: 1 });
      const page = await desk.conversation(id);
      expect(await inbox.openVersions('', 10)).toEqual([{ id, version: page.version }]);
      await desk.close(ben, page);
      expect(await listed()).toEqual({ ...nowhere, closed: [id] });
      expect(await inbox.counts(alma.id)).toEqual({ waiting: 0, mine: 0, others: 0 });
      expect(await inbox.openVersions('', 10)).toEqual([]);
      expect((await inbox.list('closed', alma.id, 1, null)).conversations).toEqual([await desk.conversation(id)]);
      await log.close();
    });
  });

  describe('the inbox of many', () => {
    let databases: LogDatabases;
    let inbox: Inbox;
    const lists: Record<InboxFilter, Conversation[]> = { waiting: [], mine: [], others: [], closed: [] };
    /** As the contract says it, without the rank that the database sorts by; equals by id. */
    const expected = (filter: InboxFilter): string[] =>
      lists[filter]
        .toSorted((one, two) => {
          if ((one.awaitingSince === null) !== (two.awaitingSince === null)) return one.awaitingSince === null ? 1 : -1;
          const byTime =
            one.awaitingSince === null || two.awaitingSince === null
              ? (two.lastEntryAt ?? 0) - (one.lastEntryAt ?? 0)
              : one.awaitingSince - two.awaitingSince;
          return byTime || (one.id < two.id ? -1 : 1);
        })
        .map(({ id }) => id);

    beforeAll(async () => {
      databases = await open();
      inbox = new SqlInbox(databases.replicas[1]);
      const cases = { waiting: 'waiting', closed: 'closed', mine: assigneeOf(alma), others: assigneeOf(ben) } as const;
      const sizes: Record<InboxFilter, number> = { waiting: 1_203, mine: 40, others: 250, closed: 1_500 };
      for (const filter of filters) {
        // Times repeat, so that only the id tells some rows apart; in one of three the client waits for a word.
        lists[filter] = Array.from({ length: sizes[filter] }, (_, index) => {
          const at = START + ((index * 7_919) % 97) * 1_000_000;
          const awaitingSince = filter !== 'closed' && index % 3 === 0 ? at - 5_000_000 : null;
          return conversationAfter({ case: cases[filter], awaitingSince, lastEntryAt: at });
        });
      }
      const neverWrote = Array.from({ length: 500 }, () => conversationAfter({ case: 'none yet' }));
      await storeConversations(databases.replicas[0], [...Object.values(lists).flat(), ...neverWrote]);
      await gatherStatistics(databases.replicas[0]);
    });
    afterAll(() => databases.close());

    it.each(filters)('lists %s in order, in pages of any size without repeats or gaps', async (filter) => {
      const all = expected(filter);
      for (const size of [1, 7, 100]) {
        if (size === 1 && all.length > 300) continue;
        expect(await walk(inbox, filter, size)).toEqual(all);
      }
    });

    it('says at the last page that there is no more, though it is full', async () => {
      const page = await inbox.list('mine', alma.id, 40, null);
      expect(page.conversations).toHaveLength(40);
      expect(page.next).toBeNull();
    });

    it('counts to 1,000 and no further', async () => {
      expect(await inbox.counts(alma.id)).toEqual({ waiting: 1_000, mine: 40, others: 250 });
      expect(await inbox.counts(ben.id)).toEqual({ waiting: 1_000, mine: 250, others: 40 });
    });

    it('walks the versions of all that are open, by id', async () => {
      const walked: { id: string; version: number }[] = [];
      for (let after = ''; ; after = walked.at(-1)?.id ?? '') {
        const some = await inbox.openVersions(after, 400);
        if (some.length === 0) break;
        walked.push(...some);
      }
      const ids = [...lists.waiting, ...lists.mine, ...lists.others].map(({ id }) => id).toSorted(byBytes);
      expect(walked).toEqual(ids.map((id) => ({ id, version: 1 })));
    });

    it.each(filters)('reads one range of an index and sorts nothing for a page of %s', async (filter) => {
      const { next } = await inbox.list(filter, alma.id, 20, null);
      for (const after of [null, next]) {
        const plan = await planOfRead(databases.replicas[0], (tapped) => tapped.list(filter, alma.id, 20, after));
        const index = filter === 'mine' ? 'conversation_assignee' : 'conversation_inbox';
        expect(plan).toEqual({ indexes: [index], sorts: false });
      }
    });

    it('counts by index', async () => {
      const { indexes, sorts } = await planOfRead(databases.replicas[0], (tapped) => tapped.counts(alma.id));
      expect(indexes).toHaveLength(3);
      for (const index of indexes) expect(index).toMatch(/^conversation_(inbox|assignee)$/);
      expect(sorts).toBe(false);
    });
  });

  it('does not walk what is closed for the versions of what is open', async () => {
    const databases = await open();
    const [database] = databases.replicas;
    const lives = Array.from({ length: 4_000 }, (_, index) =>
      conversationAfter({ case: index < 40 ? 'waiting' : 'closed' }),
    );
    await storeConversations(database, lives);
    await gatherStatistics(database);
    const { indexes } = await planOfRead(database, (tapped) => tapped.openVersions('', 100));
    expect(indexes).toEqual([expect.stringMatching(/^conversation_(inbox|assignee)$/)]);
    await databases.close();
  });
}

async function planOfRead(database: Database, read: (inbox: Inbox) => Promise<unknown>): Promise<QueryPlan> {
  const tap = new TappedDatabase(database);
  await read(new SqlInbox(tap));
  const [query] = tap.reads;
  if (query === undefined) throw new Error('Nothing was read');
  return planOf(database, query.sql, query.params);
}

function byBytes(one: string, two: string): number {
  return one < two ? -1 : 1;
}
