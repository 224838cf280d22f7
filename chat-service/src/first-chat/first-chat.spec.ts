import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ChatError } from '../chat-error.js';
import type { Entry } from '../conversation/entry.js';
import { WatchEventEncoder } from '../grpc/watch-event-encoder.js';
import { People } from '../identity/people.port.js';
import type { PersonRecord } from '../identity/person-record.js';
import { eventually } from '../testing/eventually.js';
import {
  callerOfAdmin,
  callerOfClient,
  type FirstChatReplica,
  firstChatReplicas,
  FirstChatStream,
} from '../testing/first-chat-replicas.js';
import { AuthorLogins } from './author-logins.js';
import { MessageSink } from './message-sink.js';

const ana = callerOfClient(1);
const ben = callerOfClient(2);
const maria = callerOfAdmin(1);
const victor = callerOfAdmin(2);

describe('the first chat', () => {
  let replicas: Awaited<ReturnType<typeof firstChatReplicas>>;
  let one: FirstChatReplica;
  let two: FirstChatReplica;

  beforeEach(async () => {
    replicas = await firstChatReplicas();
    ({ one, two } = replicas);
  });

  afterEach(async () => {
    await replicas.close();
    expect(replicas.troubles).toEqual([]);
  });

  /** The stream shows exactly these, in this order. */
  async function shows(stream: FirstChatStream, texts: readonly string[]): Promise<void> {
    await eventually(`"${texts.join('", "')}"`, () => stream.messages.length >= texts.length);
    expect(stream.texts).toEqual(texts);
  }

  describe('messages', () => {
    it('go both ways across replicas and come back to their sender, under logins', async () => {
      const clients = await one.receive(ana);
      const support = await two.receive(maria);
      await one.send(ana, 'My bill is wrong');
      await shows(support, ['My bill is wrong']);
      await two.send(maria, 'I look at it', 'client1');
      for (const stream of [clients, support]) await shows(stream, ['My bill is wrong', 'I look at it']);

      const { id } = await one.conversationOf(ana);
      for (const { messages } of [clients, support]) {
        expect(messages).toMatchObject([
          { from: 'client1', to: '', conversationId: id },
          { from: 'admin1', to: 'client1', conversationId: id },
        ]);
        const seqs = messages.map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
    });

    it('carry the time of the server and its words, whatever their sender sent', async () => {
      const stream = await one.receive(ana);
      const before = Date.now() - 1_000;
      await one.send(ana, 'When?');
      await shows(stream, ['When?']);
      const [message] = stream.messages;
      const time = message?.serverTime === undefined ? 0 : timestampMs(message.serverTime);
      expect(time).toBeGreaterThan(before);
      expect(message?.time).toBe(`${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
    });

    it('come to every stream of one user, and to nobody else', async () => {
      const streams = [await one.receive(ana), await one.receive(ana), await two.receive(ana)];
      const stranger = await one.receive(ben);
      await two.send(ana, 'Three windows');
      for (const stream of streams) await shows(stream, ['Three windows']);
      await one.send(ben, 'My own');
      await shows(stranger, ['My own']);
    });

    it('do not come from before the stream', async () => {
      await one.send(ana, 'Yesterday');
      const clients = await one.receive(ana);
      const support = await two.receive(maria);
      await one.send(ana, 'Today');
      for (const stream of [clients, support]) await shows(stream, ['Today']);
    });

    it('are all there is: no typing, tick, presence, case change, edit or removal shows', async () => {
      const clients = await one.receive(ana);
      const support = await two.receive(maria);
      await one.send(ana, 'First');
      for (const stream of [clients, support]) await shows(stream, ['First']);
      const { id } = await one.conversationOf(ana);
      const seq = clients.messages[0]?.seq ?? 0;
      one.hub.typing(id, { side: 'client', personId: ana.id, displayName: ana.displayName }, 5_000);
      two.hub.typing(id, { side: 'support', personId: victor.id, displayName: victor.displayName }, 5_000);
      await two.desk.claim(maria, await two.desk.conversation(id));
      await two.desk.mark(maria, id, seq, seq);
      await one.desk.edit(ana, id, seq, 'First, changed');
      await one.desk.remove(ana, id, seq);
      await one.send(ana, 'Second');
      for (const stream of [clients, support]) await shows(stream, ['First', 'Second']);
    });

    it("of a system come under the system's name", async () => {
      const stream = new FirstChatStream();
      const sink = new MessageSink(stream, {
        row: async () => one.conversationOf(ana),
        loginOf: async () => 'nobody',
        opened: () => undefined,
      });
      const entry: Entry = {
        conversationId: 'c',
        seq: 3,
        caseId: null,
        createdAt: 1_764_000_000_000_000,
        author: { side: 'system', id: 'system:outages', displayName: 'Outage service' },
        requestId: 'event',
        content: { kind: 'system_message', text: 'Power is back', severity: 'info', link: '' },
      };
      expect(sink.write(new WatchEventEncoder().entry('client', entry))).toBe(false);
      await sink.drained();
      expect(stream.messages).toMatchObject([{ from: 'Outage service', msg: 'Power is back', to: 'client1' }]);
      expect(stream.messages[0]?.time).toBe('2025-11-24 16:00:00 UTC');
    });

    it.each(['', 'client1', 'CLIENT1'])('may name their sender "%s"', async (from) => {
      const stream = await one.receive(ana);
      await one.send(ana, 'It is me', '', from);
      await shows(stream, ['It is me']);
      expect(stream.messages[0]?.from).toBe('client1');
    });

    it.each(['client2', 'admin1', 'Name of client1', 'nobody', 'x'.repeat(256)])(
      'may not name somebody else: "%s"',
      async (from) => {
        const refusal = { kind: 'permission-denied', reason: 'NOT_YOUR_NAME' };
        await expect(one.send(ana, 'Not me', '', from)).rejects.toMatchObject({ ...refusal, facts: { field: 'from' } });
        await expect(one.joining.run(ana, from)).rejects.toMatchObject({ ...refusal, facts: { field: 'name' } });
        expect((await one.conversationOf(ana)).lastSeq).toBe(0);
      },
    );
  });

  describe("an administrator's message", () => {
    it('needs to say for whom it is', async () => {
      await expect(one.send(maria, 'To whom?')).rejects.toMatchObject({
        kind: 'failed-precondition',
        reason: 'RECIPIENT_MISSING',
        facts: { field: 'to' },
      });
    });

    it.each(['nobody', 'admin2', 'x'.repeat(256)])('is refused when "%s" is no client', async (to) => {
      await expect(one.send(maria, 'Hello', to)).rejects.toMatchObject({
        kind: 'not-found',
        reason: 'RECIPIENT_UNKNOWN',
      });
    });

    it('opens a case for a client who never wrote, whose login is compared like at sign-in', async () => {
      const stream = await one.receive(maria);
      await one.send(maria, 'We read your meter', 'Client2');
      await shows(stream, ['We read your meter']);
      expect((await one.conversationOf(ben)).openCase?.assignee?.id).toBe(maria.id);
    });

    it("is refused in a colleague's case", async () => {
      await one.send(ana, 'Hello');
      await one.send(victor, 'Mine', 'client1');
      await expect(one.send(maria, 'Mine too', 'client1')).rejects.toMatchObject({ reason: 'CASE_TAKEN' });
    });
  });

  describe("an administrator's stream", () => {
    it('leaves what a colleague has taken, and takes what comes back, from then on', async () => {
      const stream = await two.receive(maria);
      await one.send(ana, 'Waiting');
      await shows(stream, ['Waiting']);
      await one.send(victor, 'I have it', 'client1');
      await shows(stream, ['Waiting', 'I have it']);
      const { id } = await one.conversationOf(ana);
      await eventually('it is left', () => two.hub.lives.get(id)?.slots.size === 0);
      await one.send(ana, 'For Victor only');
      const { lastSeq } = await one.conversationOf(ana);
      await eventually('replica two knows', async () => (await two.hub.row(id))?.lastSeq === lastSeq);
      await one.desk.transfer(victor, await one.desk.conversation(id), maria);
      await eventually('it has come', () => two.hub.lives.get(id)?.slots.size === 1);
      await one.send(ana, 'For Maria');
      await shows(stream, ['Waiting', 'I have it', 'For Maria']);
    });

    it('begins with the new case of a client who was here before', async () => {
      await one.send(ana, 'Long ago');
      await one.send(maria, 'Answered', 'client1');
      const { id } = await one.conversationOf(ana);
      await one.desk.close(maria, await one.desk.conversation(id));
      const streams = [await one.receive(maria), await two.receive(victor)];
      await one.send(ana, 'A new question');
      for (const stream of streams) await shows(stream, ['A new question']);
    });

    it('shows the last words before the case is closed, and holds nothing of it then', async () => {
      const stream = await two.receive(maria);
      await two.send(maria, 'Good bye', 'client1');
      const { id } = await two.conversationOf(ana);
      await two.desk.close(maria, await two.desk.conversation(id));
      await shows(stream, ['Good bye']);
      await eventually('nothing is held', () => [...two.hub.watchers].every(({ slots }) => slots.length === 0));
    });

    it('does not hear of cases that were assigned to a colleague before it began', async () => {
      await one.send(ana, 'Hello');
      await one.send(victor, 'Hello', 'client1');
      const stream = await one.receive(maria);
      await one.send(ana, 'Still there?');
      await one.send(ben, 'Anybody?');
      await shows(stream, ['Anybody?']);
    });
  });

  it('greets, and says who receives here already', async () => {
    expect(await one.joining.run(ana, 'client1')).toMatchObject({ error: 0 });
    const streams = [await one.receive(ana), await one.receive(ana)];
    expect(await one.joining.run(ana, '')).toMatchObject({ error: 1 });
    expect(await one.joining.run(ben, '')).toMatchObject({ error: 0 });
    streams[0]?.leave();
    expect(await one.joining.run(ana, 'Client1')).toMatchObject({ error: 1 });
    streams[1]?.leave();
    expect(await one.joining.run(ana, '')).toMatchObject({ error: 0 });
  });

  it('lists itself and Support to a client, and clients with an open case to an administrator', async () => {
    expect(await one.users.run(ana)).toEqual([
      { id: '4', name: 'client1' },
      { id: 'support', name: 'Support' },
    ]);
    await one.send(ana, 'Mine');
    await one.send(maria, 'Mine', 'client1');
    await one.send(maria, 'Closed soon', 'client3');
    const closed = await one.conversationOf(callerOfClient(3));
    await one.desk.close(maria, closed);
    await one.send(victor, 'His', 'client4');
    await one.send(ben, 'Waiting');
    expect((await one.users.run(maria)).map(({ name }) => name)).toEqual(['client2', 'client1', 'client4']);
  });

  it('lists at most 500 clients', async () => {
    const clients = await Promise.all(Array.from({ length: 501 }, () => one.desk.newClient()));
    await Promise.all(clients.map(({ client, id }) => one.desk.send(client, id)));
    expect(await one.users.run(maria)).toHaveLength(500);
  });
});

describe('the login of an author', () => {
  class Platform extends People {
    isAway = true;
    override findByLogin(): Promise<undefined> {
      return Promise.resolve(undefined);
    }
    override async findById(id: string): Promise<PersonRecord> {
      if (this.isAway) throw new ChatError('unavailable', 'PLATFORM_UNAVAILABLE', 'The platform does not answer.');
      return { id, login: 'admin1', displayName: 'Maria', passwordHash: '', role: 'admin', active: true };
    }
    override check(): Promise<void> {
      return Promise.resolve();
    }
  }

  it('is the display name while the platform is away, and asked for again', async () => {
    const platform = new Platform();
    const troubles: unknown[] = [];
    const logins = new AuthorLogins(platform, (error) => troubles.push(error));
    expect(await logins.of('1', 'Maria')).toBe('Maria');
    expect(troubles).toMatchObject([{ reason: 'PLATFORM_UNAVAILABLE' }]);
    platform.isAway = false;
    expect(await logins.of('1', 'Maria')).toBe('admin1');
  });
});

describe('a slow reader of the first chat', () => {
  it('holds one message while it takes nothing, and is given up in time', async () => {
    const { one, close } = await firstChatReplicas({ slowestDrain: 300 });
    const slow = new FirstChatStream();
    slow.takesEverything = false;
    await one.receive(ana, slow);
    for (let sent = 0; sent < 20; sent += 1) await one.send(ana, `Message ${sent}`);
    await eventually('given up', () => slow.ending !== undefined);
    expect(slow.ending?.error).toMatchObject({ kind: 'resource-exhausted', reason: 'RESYNC' });
    expect(slow.texts).toEqual(['Message 0']);
    await close();
  });
});
