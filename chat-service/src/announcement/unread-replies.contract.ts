import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { SqlPresence } from '../database/sql-presence.js';
import { SqlOutbox } from '../database/outbox.js';
import { SqlUnreadReplies } from '../database/sql-unread-replies.js';
import { violations } from '../testing/announcement-contract.js';
import { eventually } from '../testing/eventually.js';
import { replicaOn, type LogDatabases, type Replica } from '../testing/log-under-test.js';
import { memoryLog } from '../testing/memory-log.js';
import { gatherStatistics, planOf } from '../testing/query-plan.js';
import { TappedDatabase } from '../testing/tapped-database.js';
import { alma } from '../testing/thread.js';
import { AnnounceUnreadReplies } from './announce-unread-replies.js';
import { cloudEventOf } from './cloud-event.js';
import type { OutboxRow } from './outbox.port.js';

const DUE = { unreadSeconds: 300, watchSeconds: 50 };
const MINUTE = 60_000;

/** What every database promises of replies that clients leave unread. */
export function unreadRepliesContract(open: () => Promise<LogDatabases>): void {
  let databases: LogDatabases;
  let replica: Replica;
  let outbox: SqlOutbox;
  let lookers: AnnounceUnreadReplies[];

  beforeEach(async () => {
    databases = await open();
    replica = replicaOn(databases.replicas[0]);
    outbox = new SqlOutbox(databases.replicas[0], replica.clock);
    lookers = [];
  });

  afterEach(async () => {
    await Promise.all(lookers.map((looker) => looker.stop()));
    await replica.log.close();
    await databases.close();
  });

  const repliesOn = (index: 0 | 1 = 0) => new SqlUnreadReplies(databases.replicas[index], replica.clock);

  /** Looks without end. */
  function look(replies = repliesOn(), log = replica.log, name = 'one'): AnnounceUnreadReplies {
    const times = { renewMs: 20, pollMs: 10 };
    const looker = new AnnounceUnreadReplies(replies, log, DUE, name, memoryLog().log, times);
    lookers.push(looker);
    looker.start();
    return looker;
  }

  /** A client whose first message was answered, so that one reply is unread: its seq is 4. */
  async function answered(): Promise<{ client: Person; id: string }> {
    const thread = await replica.desk.newClient();
    await replica.desk.send(thread.client, thread.id);
    await replica.desk.send(alma, thread.id, 'never tell this');
    return thread;
  }

  const rows = async (): Promise<OutboxRow[]> =>
    (await outbox.next(1_000, [])).filter(({ kind }) => kind.startsWith('reply_'));
  const ids = async (): Promise<string[]> => (await rows()).map(({ announcement }) => announcement.id);
  /** Until a later reply of somebody else has been announced: what was to be announced before it has been, too. */
  async function settled(): Promise<void> {
    const other = await answered();
    replica.clock.advance(5 * MINUTE + 1_000);
    await eventually('a later one is announced', async () =>
      (await ids()).some((id) => id.startsWith(`${other.id}/4/`)),
    );
    await replica.desk.mark(other.client, other.id, 4, 4);
    await outbox.remove((await rows()).filter(({ conversationId }) => conversationId === other.id));
  }

  const presence = () => new SqlPresence(databases.replicas[1], replica.clock, 'elsewhere', DUE.watchSeconds);

  it('announces one that was unread for five minutes of database time, once, without its text', async () => {
    const { id } = await answered();
    look();
    await settled();
    await settled();
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row?.announcement).toMatchObject({
      id: `${id}/4/reply_unread`,
      data: { counts: { client_unread: 1 }, case: { number: 1 }, client: { display_name: 'Mira Lang' } },
    });
    const event: unknown = JSON.parse(JSON.stringify(cloudEventOf(row?.announcement ?? neverHere())));
    expect(violations('energy.chat.reply.unread.v1', event)).toEqual([]);
    expect(JSON.stringify(event)).not.toContain('never tell this');
  });

  it('announces none before its time', async () => {
    await answered();
    replica.clock.advance(5 * MINUTE - 5_000);
    const looker = look();
    await eventually('it looks', () => looker.holdsLease);
    expect(await repliesOn().due(10, DUE)).toEqual([]);
    replica.clock.advance(5_000);
    await eventually('it is announced', async () => (await ids()).length === 1);
  });

  it('announces none that was read, and none of a client who holds a Watch until that is gone', async () => {
    const reader = await answered();
    const watching = await answered();
    await replica.desk.mark(reader.client, reader.id, 4, 4);
    const stay = async () => presence().arrive([{ personId: watching.client.id, role: 'client' }]);
    replica.clock.advance(4 * MINUTE);
    await stay();
    replica.clock.advance(MINUTE + 1_000);
    await stay();
    look();
    await eventually('it looks', () => lookers[0]?.holdsLease);
    expect(await ids()).toEqual([]);
    replica.clock.advance(40_000);
    expect(await repliesOn().due(10, DUE)).toEqual([]);
    replica.clock.advance(11_000);
    await eventually('it is announced', async () => (await ids()).length === 1);
    expect(await ids()).toEqual([`${watching.id}/4/reply_unread`]);
  });

  it('decides under the lock: who has read or opened a Watch since it was found is not announced', async () => {
    const reader = await answered();
    const watching = await answered();
    const gone = await answered();
    replica.clock.advance(6 * MINUTE);
    const found = await repliesOn().due(10, DUE);
    expect(found).toHaveLength(3);
    await replica.desk.mark(reader.client, reader.id, 4, 4);
    await presence().arrive([{ personId: watching.client.id, role: 'client' }]);
    const stale = repliesOn();
    stale.due = (_, __, after) => Promise.resolve(after === undefined ? found : []);
    look(stale);
    await eventually('the third is announced', async () => (await ids()).length > 0);
    expect(await ids()).toEqual([`${gone.id}/4/reply_unread`]);
  });

  it('is announced once though many look at once', async () => {
    const threads = await Promise.all(Array.from({ length: 40 }, answered));
    replica.clock.advance(6 * MINUTE);
    // As frozen ones that believe in their lease: each takes it whoever has it.
    for (const index of [0, 1] as const) {
      for (const name of ['a', 'b']) {
        const replies = repliesOn(index);
        replies.lease = () => Promise.resolve(true);
        look(replies, replica.log, name);
      }
    }
    await eventually('all are announced', async () => (await ids()).length >= 40);
    expect((await ids()).sort()).toEqual(threads.map(({ id }) => `${id}/4/reply_unread`).sort());
  });

  it('says that the client has read everything after it was announced, and announces the next run anew', async () => {
    const { client, id } = await answered();
    await replica.desk.send(alma, id);
    look();
    replica.clock.advance(6 * MINUTE);
    await eventually('it is announced', async () => (await ids()).length === 1);
    const wakesTheRelay = () => replica.heard.changes.at(-1)?.announced;
    expect(wakesTheRelay()).toBe(true);
    await replica.desk.mark(client, id, 4, 4);
    expect(wakesTheRelay()).toBe(false);
    expect(await ids()).toHaveLength(1);
    await replica.desk.mark(client, id, 5, 5);
    expect(wakesTheRelay()).toBe(true);
    expect(await ids()).toEqual([`${id}/4/reply_read`, `${id}/4/reply_unread`]);
    const [read] = await rows();
    const event: unknown = JSON.parse(JSON.stringify(cloudEventOf(read?.announcement ?? neverHere())));
    expect(violations('energy.chat.reply.read.v1', event)).toEqual([]);
    await replica.desk.send(alma, id);
    replica.clock.advance(6 * MINUTE);
    await eventually('it is announced again', async () => (await ids()).includes(`${id}/6/reply_unread`));
  });

  it('says so too when what was unread has been removed, and says nothing where nothing was announced', async () => {
    const announced = await answered();
    look();
    replica.clock.advance(6 * MINUTE);
    await eventually('it is announced', async () => (await ids()).length === 1);
    await replica.desk.remove(alma, announced.id, 4);
    const quick = await answered();
    await replica.desk.remove(alma, quick.id, 4);
    const reader = await answered();
    await replica.desk.mark(reader.client, reader.id, 4, 4);
    expect(await ids()).toEqual([`${announced.id}/4/reply_read`, `${announced.id}/4/reply_unread`]);
  });

  it('goes past those that cannot be changed, though they are more than a look takes at once', async () => {
    const threads: { id: string }[] = [];
    for (let count = 0; count < 40; count += 1) threads.push(await answered());
    replica.clock.advance(6 * MINUTE);
    const stuck = new Set(threads.slice(0, 34).map(({ id }) => id));
    const change = replica.log.change.bind(replica.log);
    replica.log.change = (request) =>
      stuck.has(request.conversationId) ? Promise.reject(new Error('planted')) : change(request);
    look();
    await eventually('the others are announced', async () => (await ids()).length === 6);
    replica.log.change = change;
    await eventually('and then these', async () => (await ids()).length === 40);
  });

  it('goes by what is left when the oldest was removed', async () => {
    const { id } = await answered();
    await replica.desk.send(alma, id);
    await replica.desk.remove(alma, id, 4);
    look();
    replica.clock.advance(6 * MINUTE);
    await eventually('it is announced', async () => (await ids()).length === 1);
    expect(await ids()).toEqual([`${id}/5/reply_unread`]);
  });

  it('is looked for by one replica, and by the next when that one died, once its lease has expired', async () => {
    const dead = repliesOn(1);
    expect(await dead.lease('dead', 10)).toBe(true);
    await answered();
    replica.clock.advance(6 * MINUTE);
    expect(await dead.lease('dead', 10)).toBe(true);
    let asked = 0;
    const alive = repliesOn();
    const lease = alive.lease.bind(alive);
    alive.lease = (name, seconds) => {
      asked += 1;
      return lease(name, seconds);
    };
    look(alive, replica.log, 'alive');
    await eventually('it has asked for the lease', () => asked > 2);
    replica.clock.advance(9_000);
    const before = asked;
    await eventually('it has asked again', () => asked > before + 1);
    expect(await ids()).toEqual([]);
    replica.clock.advance(1_001);
    await eventually('it is announced', async () => (await ids()).length === 1);
  });

  it('is found by a range of an index, in a fixed number of statements, however many conversations there are', async () => {
    const threads = await Promise.all(Array.from({ length: 100 }, () => replica.desk.newClient()));
    await Promise.all(threads.map(({ client, id }) => replica.desk.send(client, id)));
    await Promise.all(threads.slice(0, 40).map(({ id }) => replica.desk.send(alma, id)));
    replica.clock.advance(6 * MINUTE);
    await gatherStatistics(databases.replicas[0]);
    const tap = new TappedDatabase(databases.replicas[0]);
    const found = await new SqlUnreadReplies(tap, replica.clock).due(32, DUE);
    expect(found).toHaveLength(32);
    const more = await new SqlUnreadReplies(tap, replica.clock).due(32, DUE, found.at(-1));
    expect(new Set([...found, ...more].map(({ conversationId }) => conversationId)).size).toBe(40);
    expect(tap.reads).toHaveLength(2);
    for (const { sql, params } of tap.reads) {
      const plan = await planOf(databases.replicas[0], sql, params);
      expect(plan).toEqual({ indexes: ['conversation_unread'], sorts: false });
    }

    const writing = replicaOn(tap, { lanes: 1 });
    writing.clock.advance(6 * MINUTE);
    const looker = look(repliesOn(), writing.log);
    await eventually('all are announced', async () => (await ids()).length === 40);
    await looker.stop();
    // The first of a look goes alone, as any change that finds its lane empty.
    expect(writing.batches.reduce((sum, size) => sum + size, 0)).toBe(40);
    expect(Math.max(...writing.batches)).toBeLessThanOrEqual(32);
    expect(tap.writes.length).toBe(5 * writing.batches.length);
    for (const { sql, params } of tap.writes.filter(({ sql }) => /created_at FROM entry/.test(sql))) {
      const { indexes } = await planOf(databases.replicas[0], sql, params);
      expect(new Set(indexes)).toEqual(new Set(['PRIMARY']));
    }
    await writing.log.close();
  });
}

function neverHere(): never {
  throw new Error('There is no announcement');
}
