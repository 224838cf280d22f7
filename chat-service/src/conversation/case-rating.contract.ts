import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { closeReplicas, type LogDatabases, type Replica, twoReplicas } from '../testing/log-under-test.js';
import { alma, ben } from '../testing/thread.js';
import { LONGEST_COMMENT } from './entry.js';

/** What every adapter of `ConversationLog` does when a client rates a case. */
export function caseRatingContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let here: Replica;
  let there: Replica;

  beforeAll(async () => {
    ({ databases, here, there } = await twoReplicas(open));
  });
  afterAll(() => closeReplicas({ databases, here, there }));

  async function opened(): Promise<{ client: Person; id: string; caseId: string }> {
    const { client, id } = await here.desk.newClient();
    const { caseId } = await here.desk.send(client, id);
    return { client, id, caseId: caseId ?? '' };
  }
  async function closed(): ReturnType<typeof opened> {
    const thread = await opened();
    await here.desk.close(alma, await here.desk.conversation(thread.id), 'Solved');
    return thread;
  }
  const rowOf = async (caseId: string): Promise<Record<string, unknown> | undefined> => {
    const sql = 'SELECT * FROM support_case WHERE id = ?';
    return (await databases.replicas[1].reader.query<Record<string, unknown>[]>(sql, [caseId]))[0];
  };

  describe('a rating', () => {
    it('stands on its case, which keeps how it was closed, and in the thread', async () => {
      const { client, id, caseId } = await closed();
      const before = await rowOf(caseId);
      expect(before).toMatchObject({ rating: null, rating_comment: null, close_reason: 'Solved', closed_by: alma.id });
      const comment = `Mulțumesc 😀 "quote" \\ ${'永'.repeat(LONGEST_COMMENT)}`.slice(0, LONGEST_COMMENT);
      const entry = await there.desk.rate(client, id, caseId, 5, comment);
      expect(await rowOf(caseId)).toEqual({ ...before, rating: 5, rating_comment: comment });
      expect((await here.desk.entries(id)).at(-1)).toEqual(entry);
      const view = await here.log.findCase(id, caseId);
      expect(entry).toMatchObject({ caseId, content: { kind: 'case_rated', case: view, rating: 5, comment } });
    });

    it('without a comment has an empty one', async () => {
      const { client, id, caseId } = await closed();
      await here.desk.rate(client, id, caseId, 1, ' \n\u200b');
      expect(await rowOf(caseId)).toMatchObject({ rating: 1, rating_comment: '' });
    });

    it('tried many times at once on two replicas has one effect and one answer', async () => {
      const { client, id, caseId } = await closed();
      const head = (await here.desk.conversation(id)).lastSeq;
      const tries = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? here : there).desk.rate(client, id, caseId, 4, 'Good', 'one-rating'),
      );
      expect(new Set((await Promise.all(tries)).map((entry) => entry?.seq))).toEqual(new Set([head + 1]));
      expect((await there.desk.rate(client, id, caseId, 1, 'Other words', 'one-rating'))?.seq).toBe(head + 1);
      expect(await there.desk.rate(client, id, caseId, 4, 'Good')).toBeNull();
      expect((await here.desk.conversation(id)).lastSeq).toBe(head + 1);
      expect(await rowOf(caseId)).toMatchObject({ rating: 4, rating_comment: 'Good' });
    });

    it('is given once: of two at once one stands, and the other is told', async () => {
      const { client, id, caseId } = await closed();
      const outcomes = await Promise.allSettled([
        here.desk.rate(client, id, caseId, 2),
        there.desk.rate(client, id, caseId, 3),
      ]);
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused).toMatchObject([{ reason: { reason: 'CASE_RATED' } }]);
      const ratings = (await here.desk.entries(id)).filter(({ content }) => content.kind === 'case_rated');
      expect(ratings).toHaveLength(1);
      expect(ratings).toMatchObject([{ content: { rating: (await rowOf(caseId))?.['rating'] } }]);
    });

    it('may come in one batch with the closing, with another rating and with the next case', async () => {
      const { client, id, caseId } = await opened();
      const page = await here.desk.conversation(id);
      const outcomes = await Promise.allSettled([
        here.desk.mark(alma, id, 2, 0),
        here.desk.rate(client, id, caseId, 1),
        here.desk.close(alma, page, 'Solved'),
        here.desk.rate(client, id, caseId, 2, 'Hm'),
        here.desk.rate(client, id, caseId, 3),
        here.desk.rate(client, id, caseId, 2, 'Hm'),
        here.desk.send(client, id, 'And another thing'),
      ]);
      const reasons = outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? 'OK' : (outcome.reason as { reason: string }).reason,
      );
      expect(reasons).toEqual(['OK', 'CASE_NOT_CLOSED', 'OK', 'OK', 'CASE_RATED', 'OK', 'OK']);
      expect(await rowOf(caseId)).toMatchObject({
        status: 'closed',
        rating: 2,
        rating_comment: 'Hm',
        closed_by: alma.id,
      });
      expect((await here.desk.entries(id)).map(({ content }) => content.kind)).toEqual([
        'case_opened',
        'message',
        'case_closed',
        'case_rated',
        'case_opened',
        'message',
      ]);
    });

    it('stays when the next case changes', async () => {
      const { client, id, caseId } = await closed();
      await here.desk.rate(client, id, caseId, 5);
      await here.desk.send(client, id);
      await here.desk.send(ben, id);
      await here.desk.close(ben, await here.desk.conversation(id));
      expect(await rowOf(caseId)).toMatchObject({ rating: 5, closed_by: alma.id });
    });

    it('is for a case of this conversation', async () => {
      const [one, other] = [await closed(), await closed()];
      const rated = here.desk.rate(one.client, one.id, other.caseId, 1);
      await expect(rated).rejects.toMatchObject({ reason: 'CASE_NOT_FOUND' });
      expect(await rowOf(other.caseId)).toMatchObject({ rating: null });
    });

    it('is announced without its comment', async () => {
      const { client, id, caseId } = await closed();
      await here.desk.rate(client, id, caseId, 2, 'between the two of us');
      const rows = await databases.replicas[0].reader.query<{ event: string }[]>(
        "SELECT event FROM outbox WHERE conversation_id = ? AND kind = 'case_rated'",
        [id],
      );
      expect(rows).toHaveLength(1);
      expect(JSON.parse(rows[0]?.event ?? '')).toMatchObject({ data: { rating: 2, case: { id: caseId } } });
      expect(JSON.stringify(rows)).not.toContain('between');
    });
  });
}
