import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Conversation } from '../conversation/conversation.js';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben } from '../testing/thread.js';

describe('the inbox of a watch', () => {
  let replicas: LiveReplicas;
  let one: LiveReplica;
  let two: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas({ heartbeat: 20 });
    ({ one, two } = replicas);
  });

  afterEach(async () => {
    await replicas.close();
    expect([...one.troubles, ...two.troubles]).toEqual([]);
  });

  async function inboxOf(replica: LiveReplica, admin: Person, sink = new RecordingSink()): Promise<RecordingSink> {
    replica.watch(admin, { inbox: true }, { sink });
    await eventually('caught up', () => sink.caughtUp);
    return sink;
  }

  async function openCase(replica: LiveReplica): Promise<{ client: Person; id: string }> {
    const conversation = await replica.desk.newClient();
    await replica.desk.send(conversation.client, conversation.id);
    return conversation;
  }

  /** The newest row that an inbox has of a conversation is the stored one. */
  async function isRight(sink: RecordingSink, id: string): Promise<boolean> {
    return sink.rows(id).at(-1)?.version === (await one.desk.conversation(id)).version;
  }

  it('shows open cases as they change, on both replicas', async () => {
    const sinks = [await inboxOf(one, alma), await inboxOf(two, ben)];
    const { client, id } = await openCase(one);
    for (const sink of sinks) await eventually('the new chat', () => sink.rows(id).length === 1);
    expect(sinks[1]?.rows(id)[0]).toMatchObject({ client: { id: client.id }, openCase: { status: 'waiting' } });
    await two.desk.claim(ben, await two.desk.conversation(id));
    for (const sink of sinks)
      await eventually('claimed', () => sink.rows(id).at(-1)?.openCase?.assignee?.id === ben.id);
  });

  it('does not replay what was open before it began', async () => {
    const { client, id } = await openCase(one);
    const sink = await inboxOf(two, alma);
    const { id: next } = await openCase(one);
    await eventually('the next chat', () => sink.rows(next).length === 1);
    expect(sink.rows(id)).toEqual([]);
    await one.desk.send(client, id);
    await eventually('a change', () => sink.rows(id).length === 1);
  });

  it('says nothing of conversations without an open case', async () => {
    const { client, id } = await openCase(one);
    await one.desk.close(alma, await one.desk.conversation(id));
    const sink = await inboxOf(one, alma);
    await one.desk.mark(client, id, 3, 3);
    const { id: next } = await openCase(one);
    await eventually('the next chat', () => sink.rows(next).length === 1);
    expect(sink.rows(id)).toEqual([]);
    await eventually('it is not held', () => !one.hub.lives.has(id));
  });

  it.each(['here', 'on another replica'])('shows once more the row whose case was closed %s', async (where) => {
    const { client, id } = await openCase(one);
    const sink = await inboxOf(one, alma);
    const { desk } = where === 'here' ? one : two;
    await desk.close(alma, await desk.conversation(id));
    await eventually('closed', () => sink.rows(id).at(-1)?.openCase === null);
    await desk.mark(client, id, 3, 3);
    const { id: next } = await openCase(two);
    await eventually('the next chat', () => sink.rows(next).length === 1);
    expect(sink.rows(id)).toHaveLength(1);
    await eventually('it is not held', () => !one.hub.lives.has(id));
  });

  it('gives a conversation one row in 250 ms, and the last state always', async () => {
    const sink = new RecordingSink();
    await inboxOf(one, alma, sink);
    const start = performance.now();
    const { client, id } = await openCase(one);
    await eventually('half a second of talk', async () => {
      await one.desk.send(client, id);
      return performance.now() - start > 600;
    });
    const page = await one.desk.conversation(id);
    await one.desk.close(alma, page);
    await one.desk.send(client, id);
    await eventually('the last state', () => isRight(sink, id));
    // The first at once, then one for each time that has passed; how late the machine is only allows for more.
    const most = 1 + Math.ceil((performance.now() - start) / 250);
    const rows = sink.rows(id).map(({ version }) => version);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(rows.length).toBeLessThanOrEqual(most);
    expect(rows).toEqual([...new Set(rows)].sort((first, second) => first - second));
  });

  it('leaves rows to the cursors that name them', async () => {
    const named = await openCase(one);
    const sink = new RecordingSink();
    one.watch(alma, { cursors: [cursor(named.id)], inbox: true }, { sink });
    const other = await inboxOf(one, ben);
    await eventually('caught up', () => sink.caughtUp);
    await one.desk.send(named.client, named.id);
    await one.desk.close(alma, await one.desk.conversation(named.id));
    await eventually('all is told', async () => (await isRight(sink, named.id)) && (await isRight(other, named.id)));
    const versions = sink.rows(named.id).map(({ version }) => version);
    expect(new Set(versions).size).toBe(versions.length);
    expect(versions).toHaveLength(3);
  });

  it('is right after one heartbeat when every hint was lost: what opened, what changed, what closed', async () => {
    const [closed, changed] = [await openCase(one), await openCase(one)];
    const sink = await inboxOf(two, alma);
    two.hints.mode = 'lost';
    await one.desk.close(ben, await one.desk.conversation(closed.id));
    await one.desk.claim(ben, await one.desk.conversation(changed.id));
    const opened = await openCase(one);
    await two.heartbeat.heal();
    for (const { id } of [closed, changed, opened]) await eventually('right', () => isRight(sink, id));
    expect(sink.rows(closed.id).at(-1)?.openCase).toBeNull();
    expect(sink.rows()).toHaveLength(3);

    await two.heartbeat.heal();
    const { id: next } = await openCase(two);
    await eventually('the next chat', () => sink.rows(next).length === 1);
    expect(sink.rows()).toHaveLength(4);
  });

  it('of 1,000 conversations that change fast ends right for a slow reader, reading in chunks', async () => {
    const sink = new RecordingSink();
    sink.takes = 'slowly';
    await inboxOf(two, alma, sink);
    const conversations = await Promise.all(Array.from({ length: 1_000 }, () => one.desk.newClient()));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(conversations.map(({ client, id }) => one.desk.send(client, id)));
    }
    await eventually('all are known to be open', () => two.hub.inbox.openConversations.size === 1_000);
    await Promise.all(
      conversations.map(async ({ id }, index) => {
        if (index % 3 === 0) await one.desk.close(ben, await one.desk.conversation(id));
      }),
    );
    const last = new Map<string, Conversation>();
    const stored = await one.log.conversations(conversations.map(({ id }) => id));
    await eventually(
      'all are right',
      () => {
        for (const row of sink.rows()) last.set(row.id, row);
        return stored.every(({ id, version }) => last.get(id)?.version === version);
      },
      20_000,
    );
    expect(two.hub.inbox.openConversations.size).toBe(666);
    await eventually('the closed are not held', () => two.hub.lives.size === 666);

    // A heartbeat over more than one chunk finds all of them.
    two.hints.mode = 'lost';
    await Promise.all(conversations.slice(0, 600).map(({ client, id }) => one.desk.send(client, id)));
    const before = two.log.reads.rows;
    await two.heartbeat.heal();
    const after = await one.log.conversations(conversations.map(({ id }) => id));
    await eventually('all are right again', () => {
      for (const row of sink.rows()) last.set(row.id, row);
      return after.every(({ id, version }) => last.get(id)?.version === version);
    });
    expect(two.log.reads.rows - before).toBeLessThan(8);
  });

  it('holds nothing once nobody watches one', async () => {
    const { id } = await openCase(one);
    const { sink, gone } = one.watch(alma, { inbox: true });
    await eventually('caught up', () => sink.caughtUp);
    expect(one.hub.inbox.openConversations.has(id)).toBe(true);
    await openCase(one);
    gone();
    await eventually('nothing is held', () => one.hub.lives.size + one.hub.inbox.openConversations.size === 0);
  });
});
