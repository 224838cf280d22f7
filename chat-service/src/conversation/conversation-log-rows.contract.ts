import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { replicaOn, type LogDatabases, type Replica } from '../testing/log-under-test.js';
import { alma, ben, mira } from '../testing/thread.js';
import { append, rowChange, type Change, type Situation } from './conversation.js';
import { LONGEST_TEXT, type Entry, type EntryContent } from './entry.js';
import { newId } from './new-id.js';
import type { CaseView } from './support-case.js';

const view: CaseView = {
  id: 'case-1',
  number: 3,
  topic: 'outage',
  status: 'assigned',
  assignee: { id: 'admin-1', displayName: 'Álma "the 😀" O\'Berg \\ %' },
  revision: 7,
  openedAt: 1_764_000_000_123_456,
  waitingSince: null,
};
const waiting: CaseView = { ...view, status: 'waiting', assignee: null, waitingSince: 1_764_000_000_123_457 };
const from = { id: 'admin-2', displayName: 'Ben' };
const contents: EntryContent[] = [
  {
    kind: 'message',
    text: 'line one\nline two\ttab "quote" \'apostrophe\' \\n \u0000 ? ??',
    editedAt: null,
    removedAt: null,
  },
  { kind: 'message', text: '', editedAt: 1_764_000_000_000_001, removedAt: 1_764_000_000_000_002 },
  { kind: 'message', text: '😀'.repeat(LONGEST_TEXT / 2), editedAt: null, removedAt: null },
  { kind: 'message', text: '永'.repeat(LONGEST_TEXT), editedAt: null, removedAt: null },
  { kind: 'message', text: ' 👩‍👩‍👧‍👦 ümläut \u202eright to left ', editedAt: null, removedAt: null },
  { kind: 'system_message', text: 'Outage in Málaga ⚡', severity: 'critical', link: 'https://example.org/a?b=c&d=é' },
  { kind: 'system_message', text: 'No link', severity: 'info', link: '' },
  { kind: 'message_edited', targetSeq: 1 },
  { kind: 'message_removed', targetSeq: 4_294_967_295 },
  { kind: 'case_opened', case: waiting },
  { kind: 'case_assigned', case: view },
  { kind: 'case_transferred', case: view, from },
  { kind: 'case_released', case: waiting, from },
  { kind: 'case_closed', case: { ...view, status: 'closed', assignee: null }, reason: 'Solved by phone ☎️' },
  { kind: 'case_rated', case: { ...view, status: 'closed', assignee: null }, rating: 5, comment: 'Mulțumesc ☀️' },
];

/** What every adapter of `ConversationLog` keeps, and how it is read again. */
export function conversationLogRowsContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let replica: Replica;

  beforeAll(async () => {
    databases = await open();
    replica = replicaOn(databases.replicas[0]);
  });
  afterAll(async () => {
    await replica.log.close();
    await databases.close();
  });

  const change = (conversationId: string, decide: (situation: Situation) => Change | null) =>
    replica.log.change({
      conversationId,
      authorId: 'system:test',
      requestId: null,
      kind: null,
      bytes: 1,
      counts: null,
      decide,
    });

  describe('entries', () => {
    it('are read as they were written, of every kind, to the last character', async () => {
      const { id } = await replica.desk.newClient();
      let written: readonly Entry[] = [];
      await change(id, ({ conversation, now }) => {
        const all = contents.reduce(
          (before, content, index) =>
            append(before, {
              now,
              caseId: index % 2 === 0 ? null : 'case-1',
              author: { side: 'support', id: '!~admin', displayName: 'Ä "😀" \\' },
              requestId: index === 0 ? null : `request-${index}`,
              content,
            }),
          rowChange(conversation, {}),
        );
        written = all.entries;
        return all;
      });
      expect(written).toHaveLength(contents.length);
      expect(await replica.desk.entries(id)).toEqual(written);
    });

    it('are paged after and before a seq, ascending, without the seq itself', async () => {
      const { client, id } = await replica.desk.newClient();
      await Promise.all(Array.from({ length: 9 }, () => replica.desk.send(client, id)));
      const seqs = (entries: Entry[]) => entries.map(({ seq }) => seq);
      expect(seqs(await replica.log.entriesAfter(id, 3, 4))).toEqual([4, 5, 6, 7]);
      expect(seqs(await replica.log.entriesAfter(id, 8, 4))).toEqual([9, 10]);
      expect(await replica.log.entriesAfter(id, 10, 4)).toEqual([]);
      expect(seqs(await replica.log.entriesBefore(id, 8, 4))).toEqual([4, 5, 6, 7]);
      expect(seqs(await replica.log.entriesBefore(id, 3, 4))).toEqual([1, 2]);
      expect(await replica.log.entriesBefore(id, 1, 4)).toEqual([]);
      expect(seqs(await replica.log.entriesBefore(id, 2 ** 32 - 1, 2))).toEqual([9, 10]);
    });

    it('are never dated before the one before them, though the database’s clock went back', async () => {
      const { client, id } = await replica.desk.newClient();
      const first = await replica.desk.send(client, id);
      replica.clock.advance(-3_600_000);
      const second = await replica.desk.send(client, id);
      const { case: closed } = (await replica.desk.close(alma, await replica.desk.conversation(id))).entry
        ?.content as Extract<EntryContent, { kind: 'case_closed' }>;
      const opened = (await replica.desk.open(alma, id)).view;
      replica.clock.advance(3_600_000);
      expect(second.createdAt).toBe(first.createdAt);
      expect(opened.openedAt).toBeGreaterThanOrEqual(closed.openedAt);
    });

    it('are dated in microseconds of the database', async () => {
      const { client, id } = await replica.desk.newClient();
      const before = (Date.now() - 2_000) * 1_000;
      const { createdAt } = await replica.desk.send(client, id);
      expect(createdAt).toBeGreaterThan(before);
      expect(createdAt).toBeLessThan((Date.now() + 2_000) * 1_000);
      replica.clock.advance(60_000);
      const later = await replica.desk.send(client, id);
      replica.clock.advance(-60_000);
      expect(later.createdAt - createdAt).toBeGreaterThanOrEqual(60_000_000);
    });
  });

  describe('the row of a conversation', () => {
    it('is read as the answer to a change told it', async () => {
      const { client, id } = await replica.desk.newClient('Zoë 😀');
      await replica.desk.send(client, id, 'My bill\nis 😀');
      await replica.desk.send(alma, id);
      const page = await replica.desk.conversation(id);
      const { conversation } = await replica.desk.transfer(ben, page, ben);
      expect(await replica.desk.conversation(id)).toEqual(conversation);
      expect(conversation).toMatchObject({
        client: { id: client.id, login: client.login, displayName: 'Zoë 😀' },
        firstSeq: 1,
        lastSeq: 5,
        preview: 'Hello',
        awaitingSince: null,
        openCase: { status: 'assigned', topic: 'bill', revision: 3, assignee: { id: ben.id }, answered: true },
      });
    });

    it('has a higher version after every change, and the same after none', async () => {
      const { client, id } = await replica.desk.newClient();
      const versions: number[] = [];
      for (const act of [
        () => replica.desk.send(client, id),
        () => replica.desk.mark(alma, id, 2, 0),
        () => replica.desk.send(alma, id),
        () => replica.desk.mark(client, id, 4, 4),
      ]) {
        await act();
        versions.push((await replica.desk.conversation(id)).version);
      }
      expect(versions).toEqual([2, 3, 4, 5]);
      await replica.desk.mark(client, id, 4, 4);
      const { version } = await replica.desk.conversation(id);
      expect(version).toBe(5);
      expect(await replica.log.versions([id, 'nowhere'])).toEqual([{ id, version }]);
    });

    it('counts what is left unread when somebody reads, of stored entries and of those in the same batch', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      for (let count = 0; count < 3; count += 1) await replica.desk.send(alma, id);
      expect((await replica.desk.conversation(id)).progress.client).toEqual({ delivered: 0, read: 0, unread: 3 });
      // The first goes alone; the others are one batch: an answer arrives, and what was there before is read.
      await Promise.all([
        replica.desk.mark(client, id, 4, 0),
        replica.desk.send(alma, id),
        replica.desk.mark(client, id, 4, 4),
      ]);
      expect((await replica.desk.conversation(id)).progress.client).toEqual({ delivered: 4, read: 4, unread: 3 });
      await Promise.all([
        replica.desk.mark(client, id, 5, 4),
        replica.desk.send(alma, id),
        replica.desk.mark(client, id, 1_000, 1_000),
      ]);
      const { lastSeq, progress } = await replica.desk.conversation(id);
      expect(progress.client).toEqual({ delivered: lastSeq, read: lastSeq, unread: 0 });
    });

    it('refuses to be closed over a message of the same batch', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      await replica.desk.send(alma, id);
      const page = await replica.desk.conversation(id);
      const [, , closing] = await Promise.allSettled([
        replica.desk.mark(alma, id, 4, 0),
        replica.desk.send(client, id, 'wait!'),
        replica.desk.close(alma, page),
      ]);
      expect(closing).toMatchObject({ status: 'rejected', reason: { reason: 'UNSEEN_MESSAGE' } });
      expect((await replica.desk.conversation(id)).openCase).not.toBeNull();
    });

    it('is not found by ids that differ in case', async () => {
      const { client, id } = await replica.desk.newClient();
      expect(await replica.log.conversations([id.toLowerCase() === id ? id.toUpperCase() : id.toLowerCase()])).toEqual(
        [],
      );
      expect(await replica.log.conversationIdOf(client.id.toUpperCase())).toBeUndefined();
      const other = await replica.log.conversationOf({ ...client, id: client.id.toUpperCase() });
      expect(other.id).not.toBe(id);
    });
  });

  describe('cases', () => {
    const rowOf = async (caseId: string): Promise<Record<string, unknown> | undefined> => {
      const rows = await databases.replicas[1].reader.query<Record<string, unknown>[]>(
        'SELECT * FROM support_case WHERE id = ?',
        [caseId],
      );
      return rows[0];
    };

    it('keep their whole life, also when it passes within one batch', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      const first = await replica.desk.conversation(id);
      const caseId = first.openCase?.id ?? '';
      await Promise.all([
        replica.desk.mark(alma, id, 2, 0),
        replica.desk.claim(alma, first),
        replica.desk.send(alma, id),
        replica.desk.close(alma, { ...first, openCase: { ...openCaseOf(first), revision: 2 } }, 'Solved'),
        replica.desk.send(client, id, 'Thanks'),
        replica.desk.send(ben, id, 'Welcome'),
      ]);
      expect(await rowOf(caseId)).toMatchObject({
        conversation_id: id,
        number: 1,
        topic: 'bill',
        status: 'closed',
        revision: 3,
        closed_by: alma.id,
        close_reason: 'Solved',
      });
      const { opened_at, first_assigned_at, first_answered_at, closed_at } = (await rowOf(caseId)) ?? {};
      const times = [opened_at, first_assigned_at, first_answered_at, closed_at].map(Number);
      expect(times.every((time) => time > 1_700_000_000_000_000)).toBe(true);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect((await replica.desk.conversation(id)).openCase).toMatchObject({ number: 2, assignee: { id: ben.id } });
    });

    it('keep the time of the first assignment and the first answer', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      await replica.desk.send(alma, id);
      const caseId = openCaseOf(await replica.desk.conversation(id)).id;
      const { first_assigned_at, first_answered_at } = (await rowOf(caseId)) ?? {};
      replica.clock.advance(60_000);
      await replica.desk.release(alma, await replica.desk.conversation(id));
      await replica.desk.send(ben, id);
      replica.clock.advance(-60_000);
      expect(await rowOf(caseId)).toMatchObject({ first_assigned_at, first_answered_at, assignee_id: ben.id });
    });

    it('are found by conversation and id, open or closed, as the row of the conversation tells them', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      const page = await replica.desk.conversation(id);
      const { answered: _, ...shown } = openCaseOf(page);
      expect(await replica.log.findCase(id, shown.id)).toEqual(shown);
      const { view: closed } = await replica.desk.close(alma, page);
      expect(await replica.log.findCase(id, shown.id)).toEqual(closed);
      expect(await replica.log.findCase('elsewhere', shown.id)).toBeUndefined();
    });

    it('are open one at a time in a conversation: the database itself refuses a second', async () => {
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      const [database] = databases.replicas;
      const insert = (status: string, number: number) =>
        database.write((manager) =>
          manager.query(
            `INSERT INTO support_case (id, conversation_id, number, topic, status, revision, opened_at)
             VALUES (?, ?, ?, 'bill', ?, 1, 0)`,
            [newId(), id, number, status],
          ),
        );
      const refusal: unknown = await insert('assigned', 2).catch((error: unknown) => error);
      expect(database.dialect.isDuplicateKey(refusal)).toBe(true);
      await insert('closed', 3);
      await insert('closed', 4);
    });
  });

  it('tells one epoch to everybody, from the first question on', async () => {
    const second = replicaOn(databases.replicas[1]);
    const epochs = await Promise.all([replica.log.epoch(), second.log.epoch(), replica.log.epoch()]);
    expect(epochs[0]).not.toBe('');
    expect(new Set([...epochs, await second.log.epoch()]).size).toBe(1);
    await second.log.close();
  });

  it('knows nobody before their conversation is made', async () => {
    expect(await replica.log.conversationIdOf(mira.id)).toBeUndefined();
    expect(await replica.log.conversations([])).toEqual([]);
    expect(await replica.log.versions([])).toEqual([]);
  });
}

function openCaseOf<OpenCase>({ openCase }: { readonly openCase: OpenCase | null }): OpenCase {
  if (openCase === null) throw new Error('There is no open case');
  return openCase;
}
