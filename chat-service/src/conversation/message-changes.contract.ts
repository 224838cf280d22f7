import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { closeReplicas, type LogDatabases, type Replica, twoReplicas } from '../testing/log-under-test.js';
import { alma } from '../testing/thread.js';
import type { Entry } from './entry.js';
import { CHANGEABLE_FOR } from './message-changes.js';

/** What every adapter of `ConversationLog` does when a message that it holds changes. */
export function messageChangesContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let here: Replica;
  let there: Replica;

  beforeAll(async () => {
    ({ databases, here, there } = await twoReplicas(open));
  });
  afterAll(() => closeReplicas({ databases, here, there }));

  const textsOf = (entries: readonly Entry[]): unknown[] =>
    entries.map(({ content }) => (content.kind === 'message' ? content.text : content.kind));
  async function threadOf(...texts: string[]): Promise<{ client: Person; id: string }> {
    const { client, id } = await here.desk.newClient();
    for (const text of texts) await here.desk.send(client, id, text);
    return { client, id };
  }

  describe('a message that changes', () => {
    it('is read with its new text by every page of history, and everywhere else the old one is gone', async () => {
      const { client, id } = await threadOf('first secret', 'second');
      await here.desk.edit(client, id, 2, 'mended');
      await there.desk.remove(client, id, 3);
      expect(textsOf(await there.log.entriesAfter(id, 0, 10))).toEqual([
        'case_opened',
        'mended',
        '',
        'message_edited',
        'message_removed',
      ]);
      expect(textsOf(await here.log.entriesBefore(id, 4, 2))).toEqual(['mended', '']);
      const kept = await Promise.all(
        ['entry', 'conversation', 'outbox', 'support_case'].map((table) =>
          databases.replicas[0].reader.query<unknown[]>(`SELECT * FROM ${table}`),
        ),
      );
      expect(JSON.stringify(kept)).not.toMatch(/first secret|second/);
      expect(await here.desk.conversation(id)).toMatchObject({
        lastSeq: 5,
        preview: 'mended',
        progress: { support: { unread: 1 } },
      });
    });

    it('tried many times at once on two replicas has one effect and one answer, the first text', async () => {
      const { client, id } = await threadOf('typo');
      const tries = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? here : there).desk.edit(client, id, 2, 'mended', 'one-edit'),
      );
      const answers = await Promise.all(tries);
      expect(new Set(answers.map((entry) => entry?.seq))).toEqual(new Set([3]));
      expect((await here.desk.edit(client, id, 2, 'other words', 'one-edit'))?.seq).toBe(3);
      expect(textsOf(await here.log.entriesAfter(id, 0, 10))).toEqual(['case_opened', 'mended', 'message_edited']);
    });

    it('in one batch with its own writing, with others, and again, comes out as one after the other', async () => {
      const { client, id } = await threadOf('a', 'b', 'c');
      await Promise.all([
        here.desk.send(client, id, 'holds the lane'),
        here.desk.send(client, id, 'd'),
        here.desk.edit(client, id, 2, 'A'),
        here.desk.remove(client, id, 3),
        here.desk.remove(client, id, 4),
        here.desk.edit(client, id, 2, 'AA'),
        here.desk.remove(client, id, 2),
        here.desk.edit(client, id, 6, 'D'),
        here.desk.remove(client, id, 5),
      ]);
      const entries = await here.log.entriesAfter(id, 0, 20);
      expect(textsOf(entries).slice(0, 6)).toEqual(['case_opened', '', '', '', '', 'D']);
      expect(await here.desk.conversation(id)).toMatchObject({
        preview: 'D',
        awaitingSince: entries[5]?.createdAt,
        progress: { support: { unread: 1 } },
      });
    });

    it('is not counted by a mark of what was read in the same batch', async () => {
      const { client, id } = await threadOf('one', 'two', 'three');
      await here.desk.send(alma, id, 'claims');
      await Promise.all([
        here.desk.send(client, id, 'holds the lane'),
        here.desk.remove(client, id, 3),
        here.desk.mark(alma, id, 2, 2),
      ]);
      expect((await here.desk.conversation(id)).progress.support.unread).toBe(2);
    });

    it('leaves the rest of its batch alone when it is refused', async () => {
      const { client, id } = await threadOf('mine');
      const [, refused, sent] = await Promise.allSettled([
        here.desk.send(client, id, 'holds the lane'),
        here.desk.edit(alma, id, 2, 'not mine'),
        here.desk.send(client, id, 'goes through'),
      ]);
      expect(refused).toMatchObject({ status: 'rejected', reason: { reason: 'NOT_YOUR_MESSAGE' } });
      expect(sent).toMatchObject({ status: 'fulfilled' });
    });

    it('may change for 15 minutes of the database’s time', async () => {
      const { client, id } = await threadOf('old');
      there.clock.offsetMicros = CHANGEABLE_FOR + 1_000_000;
      await expect(there.desk.edit(client, id, 2, 'too late')).rejects.toMatchObject({ reason: 'TOO_LATE' });
      there.clock.offsetMicros = 0;
      expect(await there.desk.edit(client, id, 2, 'in time')).not.toBeNull();
    });

    it('is told to come back when very many of one conversation change at once, and nothing of that is written', async () => {
      const { client, id } = await threadOf(...Array.from({ length: 20 }, (_, index) => `text ${index}`));
      const before = (await here.desk.conversation(id)).lastSeq;
      const outcomes = await Promise.allSettled([
        here.desk.send(client, id, 'holds the lane'),
        ...Array.from({ length: 20 }, (_, index) => here.desk.remove(client, id, index + 2)),
      ]);
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(12);
      expect(refused).toMatchObject(Array(12).fill({ reason: { kind: 'unavailable', reason: 'OVERLOADED' } }));
      expect((await here.desk.conversation(id)).lastSeq).toBe(before + 1 + 8);
    });
  });
}
