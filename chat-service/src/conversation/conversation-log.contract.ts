import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeReplicas, type LogDatabases, type Replica, replicaOn, twoReplicas } from '../testing/log-under-test.js';
import { COMMIT, TappedDatabase } from '../testing/tapped-database.js';
import { alma, ben } from '../testing/thread.js';
import type { ChangeRequest, ChangeResult } from './conversation-log.port.js';
import type { Conversation } from './conversation.js';
import type { Entry } from './entry.js';
import { sendAsClient } from './messages.js';
import { newId } from './new-id.js';
import { SendMessage } from './send-message.js';

/** What is settled, by index; a refusal by its reason. */
function outcomesOf(results: PromiseSettledResult<unknown>[]): string[] {
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'OK';
    const reason: unknown = result.reason;
    return reason instanceof Error && 'reason' in reason ? String(reason.reason) : String(reason);
  });
}

/** What every adapter of `ConversationLog` promises about commits, repeats and races. */
export function conversationLogContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let here: Replica;
  let there: Replica;

  beforeAll(async () => {
    ({ databases, here, there } = await twoReplicas(open));
  });
  afterAll(() => closeReplicas({ databases, here, there }));

  /** Rows of `table` about a conversation. */
  const rowsOf = async (table: 'entry' | 'outbox' | 'support_case', conversationId: string): Promise<number> => {
    const [row] = await databases.replicas[1].reader.query<{ number: number | string }[]>(
      `SELECT COUNT(*) AS number FROM ${table} WHERE conversation_id = ?`,
      [conversationId],
    );
    return Number(row?.number);
  };

  describe('a commit', () => {
    it('comes before the answer: until then no reader and no listener sees anything of the change', async () => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap);
      const { client, id } = await there.desk.newClient();
      const atCommit = Promise.withResolvers<undefined>();
      const gate = Promise.withResolvers<undefined>();
      tap.on = async (step) => {
        if (step !== COMMIT) return;
        atCommit.resolve(undefined);
        await gate.promise;
      };
      let answered = false;
      const sent = replica.desk.send(client, id, 'Is anybody there?').finally(() => (answered = true));
      await atCommit.promise;

      expect(await there.desk.entries(id)).toEqual([]);
      expect(await there.desk.conversation(id)).toMatchObject({ version: 1, lastSeq: 0, openCase: null });
      expect(await rowsOf('outbox', id)).toBe(0);
      expect(replica.heard.changes).toEqual([]);
      expect(answered).toBe(false);

      gate.resolve(undefined);
      const entry = await sent;
      expect((await there.desk.entries(id)).at(-1)).toEqual(entry);
      expect(await rowsOf('outbox', id)).toBe(1);
    });

    it('is heard before its authors are answered, with the row and the entries it wrote', async () => {
      const { client, id } = await here.desk.newClient();
      const heardBefore = here.heard.changes.length;
      await here.desk.send(client, id);
      expect(here.heard.changes.slice(heardBefore)).toEqual([
        { conversation: await there.desk.conversation(id), entries: await there.desk.entries(id), announced: true },
      ]);
    });

    it('holds announcements, cases and entries together: a transaction that fails leaves none of them', async () => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap);
      const { client, id } = await there.desk.newClient();
      tap.on = (step) => {
        if (step === COMMIT) throw new Error('the disk is full');
      };
      await expect(replica.desk.send(client, id)).rejects.toThrow('the disk is full');
      expect(tap.steps.filter((step) => /INSERT INTO (entry|support_case|outbox)/.test(step))).toHaveLength(3);
      for (const table of ['entry', 'outbox', 'support_case'] as const) expect(await rowsOf(table, id)).toBe(0);
      expect(await there.desk.conversation(id)).toMatchObject({ version: 1, lastSeq: 0, lastCaseNumber: 0 });
    });
  });

  describe('a request', () => {
    it('shares a commit with others that arrive while one runs, each in its own turn of the event loop', async () => {
      const { client, id } = await here.desk.newClient();
      const before = here.batches.length;
      const arrive = async (): Promise<Entry> => {
        await turn();
        return here.desk.send(client, id);
      };
      await Promise.all(Array.from({ length: 50 }, arrive));
      expect(here.batches.length - before).toBeLessThanOrEqual(3);
    });

    it('tried 100 times in parallel on two replicas has one effect and one answer', async () => {
      const { client, id } = await here.desk.newClient();
      const requestId = newId();
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => {
          const { desk } = index % 2 === 0 ? here : there;
          return desk.send(client, id, `text of try ${index}`, requestId);
        }),
      );
      const entries = await here.desk.entries(id);
      expect(entries.map(({ content }) => content.kind)).toEqual(['case_opened', 'message']);
      for (const answer of answers) expect(answer).toEqual(entries[1]);
      expect(await rowsOf('outbox', id)).toBe(1);
    });

    it('repeated within one batch has one effect: the first text', async () => {
      const tap = new TappedDatabase(databases.replicas[0]);
      const replica = replicaOn(tap, { lanes: 1 });
      const { client, id } = await here.desk.newClient();
      const [, first, ...repeats] = await Promise.all([
        replica.desk.send(client, id, 'goes alone'),
        ...['one', 'two', 'three'].map((text) => replica.desk.send(client, id, text, 'same')),
      ]);
      expect(replica.batches).toEqual([1, 3]);
      expect(first?.content).toMatchObject({ text: 'one' });
      expect(repeats).toEqual([first, first]);
      expect(await here.desk.entries(id)).toHaveLength(3);
    });

    it('that was given up before it was decided writes nothing; one that is in the log answers all the same', async () => {
      const { client, id } = await here.desk.newClient();
      const send = (isGivenUp: boolean) => {
        const message = {
          conversationId: id,
          requestId: 'given-up',
          text: 'Hello',
          topic: 'bill' as const,
          seen: null,
        };
        return new SendMessage(here.log).run(client, message, () => isGivenUp);
      };
      await expect(send(true)).rejects.toMatchObject({ kind: 'unavailable', reason: 'NOT_COMMITTED_IN_TIME' });
      expect(await here.desk.entries(id)).toEqual([]);
      const written = await send(false);
      expect(await send(true)).toEqual(written);
      expect(await here.desk.entries(id)).toHaveLength(2);
    });

    it('repeated later, elsewhere and with other words answers the first entry', async () => {
      const { client, id } = await here.desk.newClient();
      const first = await here.desk.send(client, id, 'first', 'again');
      await here.desk.send(client, id, 'between');
      expect(await there.desk.send(client, id, 'second', 'again')).toEqual(first);
      expect(await there.desk.entries(id)).toHaveLength(3);
    });

    it('of a case change repeated after the case moved on answers the first entry and changes nothing', async () => {
      const { client, id } = await here.desk.newClient();
      await here.desk.send(client, id);
      const page = await here.desk.conversation(id);
      const first = await here.desk.claim(alma, page, 'claim');
      await here.desk.release(alma, await here.desk.conversation(id));
      expect(await there.desk.claim(alma, page, 'claim')).toEqual(first);
      expect((await there.desk.conversation(id)).openCase).toMatchObject({ status: 'waiting', revision: 3 });
    });

    it('is a request of its author and its conversation: others may use the same id', async () => {
      const one = await here.desk.newClient();
      const two = await here.desk.newClient();
      await here.desk.send(one.client, one.id, 'mine', 'id');
      await here.desk.send(two.client, two.id, 'mine too', 'id');
      await here.desk.send(alma, one.id, 'and mine', 'id');
      expect((await here.desk.entries(one.id)).map(({ requestId }) => requestId)).toEqual([null, 'id', null, 'id']);
      expect(await here.desk.entries(two.id)).toHaveLength(2);
    });

    it('id compares byte by byte', async () => {
      const { client, id } = await here.desk.newClient();
      await here.desk.send(client, id, 'one', 'Request');
      await here.desk.send(client, id, 'two', 'request');
      expect(await here.desk.entries(id)).toHaveLength(3);
    });

    it('id used for another kind of request is refused, also within one batch, and writes nothing', async () => {
      const { client, id } = await here.desk.newClient();
      await here.desk.send(client, id);
      await here.desk.claim(alma, await here.desk.conversation(id), 'used');
      const before = await here.desk.entries(id);
      await expect(there.desk.send(alma, id, 'Hi', 'used')).rejects.toMatchObject({
        kind: 'invalid-argument',
        reason: 'REQUEST_ID_REUSED',
      });
      expect(await here.desk.entries(id)).toEqual(before);

      const page = await here.desk.conversation(id);
      const outcomes = await Promise.allSettled([
        here.desk.send(client, id),
        here.desk.send(alma, id, 'Hi', 'both'),
        here.desk.release(alma, page, 'both'),
      ]);
      expect(outcomesOf(outcomes)).toEqual(['OK', 'OK', 'REQUEST_ID_REUSED']);
      expect((await here.desk.conversation(id)).openCase?.assignee?.id).toBe(alma.id);
    });

    it('to a conversation that does not exist is refused, and only it', async () => {
      const { client, id } = await here.desk.newClient();
      const outcomes = await Promise.allSettled([
        here.desk.send(client, id),
        here.desk.send(client, 'nowhere'),
        here.desk.send(client, id),
      ]);
      expect(outcomesOf(outcomes)).toEqual(['OK', 'CONVERSATION_NOT_FOUND', 'OK']);
    });
  });

  describe('many at once', () => {
    it('200 senders over five conversations and two replicas get seqs 1 to n, and the entries they were answered', async () => {
      const threads = await Promise.all(Array.from({ length: 5 }, () => here.desk.newClient()));
      const answers = new Map<string, Entry[]>(threads.map(({ id }) => [id, []]));
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const thread = threads[index % 5];
          if (thread === undefined) throw new Error('unreachable');
          const { desk } = index % 3 === 0 ? there : here;
          answers.get(thread.id)?.push(await desk.send(thread.client, thread.id, `message ${index}`));
        }),
      );
      for (const { id } of threads) {
        const entries = await there.desk.entries(id);
        expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
        const answered = (answers.get(id) ?? []).toSorted((one, other) => one.seq - other.seq);
        expect(answered).toEqual(entries.filter(({ content }) => content.kind === 'message'));
        expect(await here.desk.conversation(id)).toMatchObject({
          lastSeq: 41,
          lastCaseNumber: 1,
          progress: { support: { unread: 40 } },
        });
        const times = entries.map(({ createdAt }) => createdAt);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }
    });

    it('changes of one row on two replicas, with and without entries, all count', async () => {
      const { client, id } = await here.desk.newClient();
      await Promise.all(Array.from({ length: 50 }, () => here.desk.send(client, id)));
      const before = await here.desk.conversation(id);
      const sends = async (): Promise<void> => {
        for (let count = 0; count < 50; count += 1) await here.desk.send(client, id);
      };
      const marks = async (): Promise<void> => {
        for (let seq = 1; seq <= 50; seq += 1) await there.desk.mark(client, id, seq, 0);
      };
      await Promise.all([sends(), marks()]);
      expect(await here.desk.conversation(id)).toMatchObject({
        version: before.version + 100,
        lastSeq: before.lastSeq + 50,
        progress: { client: { delivered: 50 } },
      });
    });

    it('two administrators who claim at once: one has the case, the other the winner’s name, and one entry tells of it', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { client, id } = await here.desk.newClient();
        await here.desk.send(client, id);
        const page = await there.desk.conversation(id);
        const outcomes = await Promise.allSettled([here.desk.claim(alma, page), there.desk.claim(ben, page)]);
        const winner = (await here.desk.conversation(id)).openCase?.assignee;
        expect(outcomesOf(outcomes).toSorted()).toEqual(['CASE_TAKEN', 'OK']);
        const lost = outcomes.find(({ status }) => status === 'rejected');
        expect(lost).toMatchObject({
          reason: { kind: 'aborted', facts: { assignee_id: winner?.id, assignee_name: winner?.displayName } },
        });
        const told = (await here.desk.entries(id)).slice(2);
        expect(told).toMatchObject([{ content: { kind: 'case_assigned' }, author: { id: winner?.id } }]);
      }
    });

    it('two administrators who answer at once: one has the case and the message, nothing of the other is in the thread', async () => {
      const { client, id } = await here.desk.newClient();
      await here.desk.send(client, id);
      const outcomes = await Promise.allSettled([here.desk.send(alma, id, 'I do'), there.desk.send(ben, id, 'No, I')]);
      expect(outcomesOf(outcomes).toSorted()).toEqual(['CASE_TAKEN', 'OK']);
      const winner = (await here.desk.conversation(id)).openCase?.assignee?.id;
      const told = (await here.desk.entries(id)).slice(2);
      expect(told.map(({ content, author }) => [content.kind, author.id])).toEqual([
        ['case_assigned', winner],
        ['message', winner],
      ]);
    });

    it('a claim succeeds while the client sends ten', async () => {
      const { client, id } = await here.desk.newClient();
      await here.desk.send(client, id);
      const page = await here.desk.conversation(id);
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 5 }, () => here.desk.send(client, id)),
        there.desk.claim(alma, page),
        ...Array.from({ length: 5 }, () => here.desk.send(client, id)),
      ]);
      expect(outcomesOf(outcomes)).toEqual(Array(11).fill('OK'));
      expect((await here.desk.conversation(id)).openCase).toMatchObject({ assignee: { id: alma.id }, revision: 2 });
      expect(await here.desk.entries(id)).toHaveLength(13);
    });

    it('50 callers who make a client’s conversation at once get the same one', async () => {
      const client = { id: newId(), login: 'new', displayName: 'New' };
      const made = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? here : there).log.conversationOf(client)),
      );
      const [first] = made;
      for (const conversation of made) expect(conversation).toEqual(first);
      expect(await here.log.conversationIdOf(client.id)).toBe(first?.id);
    });
  });

  describe('a request among others in a batch', () => {
    /** Sends around `request`, all in one batch. */
    const among = async (request: (conversation: Conversation) => ChangeRequest): Promise<string[]> => {
      const replica = replicaOn(databases.replicas[0], { lanes: 1 });
      const [one, two] = [await here.desk.newClient(), await here.desk.newClient()];
      const outcomes = await Promise.allSettled<Entry | ChangeResult>([
        replica.desk.send(one.client, one.id),
        replica.desk.send(one.client, one.id),
        replica.desk.send(two.client, two.id),
        replica.log.change(request(await here.desk.conversation(one.id))),
        replica.desk.send(one.client, one.id),
        replica.desk.send(two.client, two.id),
      ]);
      expect((await here.desk.conversation(one.id)).lastSeq).toBe(4);
      expect((await here.desk.conversation(two.id)).lastSeq).toBe(3);
      return outcomesOf(outcomes);
    };
    const asking = (conversation: Conversation, decide: ChangeRequest['decide']): ChangeRequest => ({
      conversationId: conversation.id,
      authorId: conversation.client.id,
      requestId: newId(),
      kind: 'message',
      bytes: 1,
      counts: null,
      decide,
    });

    it('fails alone when its decision throws what nobody expected', async () => {
      const outcomes = await among((conversation) =>
        asking(conversation, () => {
          throw new TypeError('a defect');
        }),
      );
      expect(outcomes).toEqual(['OK', 'OK', 'OK', 'TypeError: a defect', 'OK', 'OK']);
    });

    it('fails alone when the database cannot store it', async () => {
      const outcomes = await among((conversation) =>
        asking(conversation, (situation) => {
          const author = { ...conversation.client, role: 'client' as const };
          const command = { author, text: 'x', requestId: newId(), newCaseId: newId(), topic: 'bill' as const };
          const change = sendAsClient(situation, command);
          return { ...change, entries: change.entries.map((entry) => ({ ...entry, createdAt: Number.NaN })) };
        }),
      );
      expect(outcomes.toSpliced(3, 1)).toEqual(Array(5).fill('OK'));
      expect(outcomes[3]).toMatch(/QueryFailedError/);
    });
  });
}
