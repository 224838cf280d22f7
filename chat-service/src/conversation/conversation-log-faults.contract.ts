import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { laneLimits } from '../database/lane.js';
import { replicaOn, type LogDatabases, type Replica } from '../testing/log-under-test.js';
import { COMMIT, COMMITTED, lostTransaction, TappedDatabase } from '../testing/tapped-database.js';
import { alma, ben } from '../testing/thread.js';
import type { Person } from '../identity/caller.js';
import type { Conversation } from './conversation.js';

/** What every adapter of `ConversationLog` promises when transactions are lost, held up or many. */
export function conversationLogFaultsContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let there: Replica;

  beforeAll(async () => {
    databases = await open();
    there = replicaOn(databases.replicas[1]);
  });
  afterAll(async () => {
    await there.log.close();
    await databases.close();
  });

  describe('a transaction that is lost', () => {
    /** What a morning's talk leaves in a thread, though its requests come as three batches. */
    const kinds = ['case_opened', 'message', 'message', 'case_assigned', 'message', 'case_closed'];

    /** Every kind of write: a case opened, changed and closed, counts, repeats within a batch and after it. */
    const talk = async (replica: Replica, client: Person, id: string): Promise<unknown[]> => {
      const { desk } = replica;
      const opening = await desk.send(client, id, 'one', 'one');
      const answers = await Promise.all([
        desk.mark(alma, id, 2, 0),
        desk.send(client, id, 'two', 'two'),
        desk.send(client, id, 'other words', 'two'),
        desk.send(alma, id, 'three', 'three'),
        desk.mark(client, id, 4, 3),
      ]);
      const closing = await desk.close(alma, await there.desk.conversation(id), 'done', 'close');
      return [opening, ...answers.filter((answer) => answer !== undefined), closing.entry];
    };

    const expectOneEffect = async (client: Person, id: string, answers: unknown[]): Promise<void> => {
      const entries = await there.desk.entries(id);
      expect(entries.map(({ content }) => content.kind)).toEqual(kinds);
      expect(answers).toEqual([entries[1], entries[2], entries[2], entries[4], entries[5]]);
      expect(await there.desk.conversation(id)).toMatchObject({
        lastSeq: 6,
        openCase: null,
        lastCaseNumber: 1,
        progress: { support: { unread: 0, read: 5 }, client: { delivered: 4, read: 3, unread: 1 } },
      });
      const outbox = await databases.replicas[1].reader.query<{ kind: string }[]>(
        'SELECT kind FROM outbox WHERE conversation_id = ? ORDER BY seq',
        [id],
      );
      expect(outbox.map(({ kind }) => kind)).toEqual(['case_opened', 'case_assigned', 'case_closed']);
      expect(await there.desk.send(client, id, 'late repeat', 'two')).toEqual(entries[2]);
    };

    const talkWithLossAt = async (loss: number, how: 'deadlock' | 'connection'): Promise<TappedDatabase> => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap, { lanes: 1 });
      const { client, id } = await there.desk.newClient();
      tap.on = () => {
        if (tap.steps.length === loss) throw lostTransaction(tap, how);
      };
      await expectOneEffect(client, id, await talk(replica, client, id));
      await replica.log.close();
      return tap;
    };

    it.each(['deadlock', 'connection'] as const)(
      'by %s at any statement, before or after its COMMIT, has one effect and one answer',
      async (how) => {
        const { steps } = await talkWithLossAt(0, how);
        expect(steps.filter((step) => step === COMMITTED)).toHaveLength(3);
        expect(steps.length).toBeGreaterThan(20);
        for (let loss = 1; loss <= steps.length; loss += 1) {
          const lossy = await talkWithLossAt(loss, how);
          expect(lossy.steps.length).toBeGreaterThan(steps.length);
        }
      },
    );

    it('after its COMMIT is heard of by listeners all the same', async () => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap);
      const { client, id } = await there.desk.newClient();
      tap.on = (step) => {
        if (step === COMMITTED && tap.steps.indexOf(COMMITTED) === tap.steps.length - 1) throw lostTransaction(tap);
      };
      await replica.desk.send(client, id);
      const { lastSeq } = await there.desk.conversation(id);
      expect(replica.heard.changes).toMatchObject([{ conversation: { id, lastSeq } }]);
    });
  });

  describe('overload', () => {
    it('ends in bounded time with UNAVAILABLE; what was told so may be tried again', async () => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap, { lanes: 1, limits: { ...laneLimits, patience: 300, longestQueue: 10 } });
      const { client, id } = await there.desk.newClient();
      const hanging = Promise.withResolvers<undefined>();
      tap.on = (step) => (step === COMMIT ? hanging.promise : undefined);
      const tries = Array.from({ length: 20 }, (_, index) => replica.desk.send(client, id, `${index}`, `r${index}`));
      const outcomes = await Promise.allSettled(tries);
      const reasons = outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as unknown));
      const overloaded = { kind: 'unavailable', reason: 'OVERLOADED' };
      const late = { kind: 'unavailable', reason: 'NOT_COMMITTED_IN_TIME' };
      expect(reasons).toMatchObject([...Array<unknown>(11).fill(late), ...Array<unknown>(9).fill(overloaded)]);

      hanging.resolve(undefined);
      await Promise.all(Array.from({ length: 20 }, (_, index) => there.desk.send(client, id, `${index}`, `r${index}`)));
      await replica.log.close();
      expect((await there.desk.conversation(id)).lastSeq).toBe(21);
    });
  });

  describe('the statements of a batch', () => {
    interface Thread {
      readonly client: Person;
      readonly page: Conversation;
    }
    /** What is done on `count` conversations at once, and how each came to be where it starts. */
    const acts: Record<string, (replica: Replica, { client, page }: Thread) => Promise<unknown>> = {
      'a message that opens a case': ({ desk }, { client, page }) => desk.send(client, page.id),
      'a message in an open case': ({ desk }, { client, page }) => desk.send(client, page.id),
      'an answer that claims': ({ desk }, { page }) => desk.send(alma, page.id),
      'a claim': ({ desk }, { page }) => desk.claim(ben, page),
      'a mark of what was read': ({ desk }, { client, page }) => desk.mark(client, page.id, 1, 1),
      'a close': ({ desk }, { page }) => desk.close(ben, page),
      'an edit': ({ desk }, { client, page }) => desk.edit(client, page.id, 2, 'mended'),
      'a removal': ({ desk }, { client, page }) => desk.remove(client, page.id, 2),
    };

    const statementsOf = async (act: string, count: number): Promise<string[]> => {
      const threads = await Promise.all(
        Array.from({ length: count + 1 }, async () => {
          const { client, id } = await there.desk.newClient();
          if (act !== 'a message that opens a case') await there.desk.send(client, id);
          return { client, page: await there.desk.conversation(id) };
        }),
      );
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap, { lanes: 1 });
      const run = acts[act];
      if (run === undefined) throw new Error(`Nobody knows ${act}`);
      await Promise.all(threads.map((thread) => run(replica, thread)));
      expect(replica.batches).toEqual([1, count]);
      await replica.log.close();
      const batch = tap.steps.slice(tap.steps.indexOf(COMMITTED) + 1, -1);
      return batch.map((sql) => sql.trim().split(/\s+/).slice(0, 3).join(' '));
    };

    it.each([
      ['a message that opens a case', 7],
      ['a message in an open case', 5],
      ['an answer that claims', 7],
      ['a claim', 7],
      ['a mark of what was read', 4],
      ['a close', 7],
    ])('are the same for 1, 16 and 200 of %s', async (act, expected) => {
      const one = await statementsOf(act, 1);
      expect(one).toHaveLength(expected);
      expect(await statementsOf(act, 16)).toEqual(one);
      expect(await statementsOf(act, 200)).toEqual(one);
    });

    it.each(['an edit', 'a removal'])('are the same for 1, 16 and 100 of %s', async (act) => {
      const one = await statementsOf(act, 1);
      expect(one).toHaveLength(7);
      expect(await statementsOf(act, 16)).toEqual(one);
      expect(await statementsOf(act, 100)).toEqual(one);
    });
  });
}
