import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben } from '../testing/thread.js';
import type { Watcher } from './watcher.js';

function sinkThatTakes(takes: RecordingSink['takes']): RecordingSink {
  const sink = new RecordingSink();
  sink.takes = takes;
  return sink;
}

/** All that one watch holds on to for its reader: members of its own and of its slots. */
function heldFor(watcher: Watcher): number {
  const sizes = (owner: object): number =>
    Object.values(owner).reduce<number>((sum, value) => {
      if (value instanceof Map || value instanceof Set) return sum + value.size;
      return Array.isArray(value) ? sum + value.length : sum;
    }, 0);
  return sizes(watcher) + watcher.slots.reduce((sum, slot) => sum + sizes(slot), 0);
}

describe('a slow reader', () => {
  let replicas: LiveReplicas;
  let replica: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas();
    replica = replicas.one;
  });

  afterEach(async () => {
    await replicas.close();
    expect(replica.troubles).toEqual([]);
  });

  async function conversationOf(messages: number): Promise<{ client: Person; id: string }> {
    const conversation = await replica.desk.newClient();
    for (let sent = 0; sent < messages; sent += 1) await replica.desk.send(conversation.client, conversation.id);
    return conversation;
  }

  it('costs a place per conversation, whatever happens meanwhile, and is right once it reads on', async () => {
    const named = await Promise.all([conversationOf(1), conversationOf(1)]);
    const sink = sinkThatTakes('nothing');
    replica.watch(alma, { cursors: named.map(({ id }) => cursor(id)), inbox: true }, { sink });
    await eventually('it hangs at the first event', () => sink.events.length === 1);
    const [watcher] = replica.hub.watchers;
    if (watcher === undefined) throw new Error('nobody watches');
    sink.drain();
    await eventually('caught up', () => sink.caughtUp);
    sink.takes = 'nothing';

    const waiting = await conversationOf(1);
    await eventually('it hangs again', () => sink.rows(waiting.id).length === 1);
    const before = sink.events.length;
    for (let round = 0; round < 60; round += 1) {
      for (const { client, id } of named) {
        await replica.desk.send(client, id);
        replica.hub.typing(id, { side: 'client', personId: client.id, displayName: '' }, 5_000);
      }
      await replica.desk.send(waiting.client, waiting.id);
      watcher.heartbeat();
    }
    expect(sink.events).toHaveLength(before);
    // Two slots, their two marks, two typists, one inbox row.
    expect(heldFor(watcher)).toBeLessThanOrEqual(7);

    sink.drain();
    await eventually('right', () => named.every(({ id }) => sink.rows(id).at(-1)?.lastSeq === 62));
    await eventually('the inbox row', () => sink.rows(waiting.id).at(-1)?.lastSeq === 62);
    for (const { id } of named) expect(sink.seqs(id)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
    expect(sink.rows(named[0]?.id)).toHaveLength(2);
    expect(sink.of('heartbeat')).toHaveLength(1);
  });

  it('holds one place in the inbox for a conversation that is closed and opened again and again', async () => {
    const sink = sinkThatTakes('nothing');
    replica.watch(alma, { inbox: true }, { sink });
    await eventually('it hangs at caught_up', () => sink.caughtUp);
    const [watcher] = replica.hub.watchers;
    if (watcher === undefined) throw new Error('nobody watches');
    const { client, id } = await replica.desk.newClient();
    for (let round = 0; round < 2; round += 1) {
      await replica.desk.send(client, id);
      await replica.desk.close(alma, await replica.desk.conversation(id));
      // Once its rest after the last row is over nothing is held of it but the mark.
      await eventually('forgotten', () => replica.hub.lives.size === 0);
    }
    expect(heldFor(watcher)).toBeLessThanOrEqual(1);
    sink.drain();
    await eventually('closed', () => sink.rows(id).at(-1)?.lastCaseNumber === 2);
    expect(sink.rows(id).at(-1)?.openCase).toBeNull();
  });

  it('600 behind converges', async () => {
    const { client, id } = await conversationOf(1);
    const sink = sinkThatTakes('slowly');
    replica.watch(alma, { cursors: [cursor(id)] }, { sink });
    await eventually('caught up', () => sink.caughtUp);
    await Promise.all(Array.from({ length: 600 }, () => replica.desk.send(client, id)));
    await eventually('right', () => sink.rows().at(-1)?.lastSeq === 602);
    expect(sink.seqs()).toEqual(Array.from({ length: 602 }, (_, index) => index + 1));
    expect(sink.isEnded).toBe(false);
  });

  it('that takes nothing for too long is told to come again, and leaves nothing', async () => {
    const impatient = await liveReplicas({ slowestDrain: 50 });
    const { hub, desk, watch } = impatient.one;
    const { client, id } = await desk.newClient();
    await desk.send(client, id);
    const sink = sinkThatTakes('nothing');
    watch(alma, { cursors: [cursor(id)] }, { sink });
    await eventually('given up', () => sink.isEnded);
    expect(sink.ending?.error).toMatchObject({ kind: 'resource-exhausted', reason: 'RESYNC' });
    expect(sink.events).toHaveLength(1);
    await eventually('nothing is left', () => hub.watchers.size + hub.lives.size === 0);
    await impatient.close();
  });

  it('that goes while it hangs leaves nothing at once', async () => {
    const { id } = await conversationOf(3);
    const sink = sinkThatTakes('nothing');
    const { gone } = replica.watch(alma, { cursors: [cursor(id)] }, { sink });
    await eventually('it hangs', () => sink.events.length === 1);
    gone();
    await setImmediate();
    expect([replica.hub.watchers.size, replica.hub.lives.size]).toEqual([0, 0]);
    expect(sink.isEnded).toBe(false);
  });
});

/** Bytes, after all garbage is gone. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 4; times += 1) collect();
  return process.memoryUsage().heapUsed;
}

describe('the end of a watch', () => {
  let replicas: LiveReplicas;
  let replica: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas({ grace: 20, heartbeat: 100 });
    replica = replicas.one;
  });

  afterEach(() => replicas.close());

  const isEmpty = (): boolean => {
    const { hub } = replica;
    return hub.watchers.size + hub.lives.size + hub.inbox.openConversations.size === 0 && !hub.inbox.isWatched;
  };

  it('leaves nothing behind, after 1,000 opens and closes', async () => {
    const conversations = [];
    for (let made = 0; made < 5; made += 1) {
      const conversation = await replica.desk.newClient();
      await replica.desk.send(conversation.client, conversation.id);
      conversations.push(conversation);
    }
    const cursors = conversations.map(({ id }) => cursor(id));
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    for (let round = 0; round < 50; round += 1) {
      const open = Array.from({ length: 20 }, (_, index) =>
        replica.watch({ ...alma, id: `admin-${index % 7}` }, { cursors, inbox: index % 3 === 0 }),
      );
      // Some before they have begun, some while they read, some when all is sent.
      for (const { gone } of open.splice(0, 5)) gone();
      const conversation = conversations[round % 5];
      if (conversation !== undefined) await replica.desk.send(conversation.client, conversation.id);
      for (const { gone } of open.splice(0, 5)) gone();
      if (round % 5 === 0) await eventually('caught up', () => open.every(({ sink }) => sink.caughtUp));
      for (const { gone } of open) gone();
    }
    await eventually('nothing is held', isEmpty);
    expect(replica.hub.counts.watchersStarted).toBe(1_000);
    await eventually('nobody is there', async () => !(await isAnybodyThere()));
    const rings = Reflect.get(replica.hub, 'pages') as { bytes: number };
    expect(rings.bytes).toBe(0);
    await eventually(
      'no timer is left',
      () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length <= timers,
    );
    expect(replica.troubles).toEqual([]);
  });

  it('leaves the heap as it was, after 20,000 opens and closes', async () => {
    const { client, id } = await replica.desk.newClient();
    await replica.desk.send(client, id);
    const round = async (): Promise<void> => {
      for (let batch = 0; batch < 25; batch += 1) {
        const open = Array.from({ length: 100 }, () => replica.watch(alma, { cursors: [cursor(id)], inbox: true }));
        await eventually('caught up', () => open.every(({ sink }) => sink.caughtUp));
        for (const { gone } of open) gone();
      }
      await eventually('nothing is held', isEmpty);
      // What the test itself has kept.
      const { steps, reads, writes } = replica.presenceDatabase;
      for (const kept of [steps, reads, writes]) kept.length = 0;
    };
    // What the first ones leave is code that was compiled and caches that were filled.
    for (let rounds = 0; rounds < 4; rounds += 1) await round();
    const before = heapInUse();
    for (let rounds = 0; rounds < 4; rounds += 1) await round();
    // 10,000 watches that left 200 bytes each would be 2 MB.
    expect(heapInUse() - before).toBeLessThan(2_000_000);
  }, 60_000);

  async function isAnybodyThere(): Promise<boolean> {
    const rows = await replica.presenceDatabase.reader.query<unknown[]>('SELECT person_id FROM watch_presence');
    return rows.length > 0;
  }

  it.each(['rows', 'entries'] as const)('while its %s are read is as clean', async (read) => {
    const { client, id } = await replica.desk.newClient();
    await replica.desk.send(client, id);
    const underWay: (() => void)[] = [];
    replica.log.afterRead = async (what) => {
      if (what === read) await new Promise<void>((resolve) => underWay.push(resolve));
    };
    const { sink, gone } = replica.watch(alma, { cursors: [cursor(id)], inbox: true });
    await eventually('a read is under way', () => underWay.length > 0);
    gone();
    replica.log.afterRead = () => undefined;
    for (const goOn of underWay) goOn();
    await eventually('nothing is held', isEmpty);
    expect(sink.events).toEqual([]);
    expect((Reflect.get(replica.hub, 'pages') as { bytes: number }).bytes).toBe(0);
    expect(replica.troubles).toEqual([]);
  });

  it('comes with its session, told first, and only to that session', async () => {
    const ended = replica.watch(alma, {}, { sessionId: 'ended' }).sink;
    const full = sinkThatTakes('nothing');
    replica.watch(alma, {}, { sessionId: 'ended', sink: full });
    const other = replica.watch(alma, {}, { sessionId: 'other' }).sink;
    await eventually('caught up', () => ended.caughtUp && full.caughtUp && other.caughtUp);
    replica.hub.endSession('ended');
    for (const sink of [ended, full]) {
      expect(sink.events.at(-1)).toEqual({ kind: 'session-ending', reason: 'signed-out' });
      expect(sink.ending?.error).toMatchObject({ kind: 'unauthenticated', reason: 'SESSION_ENDED' });
    }
    await eventually('they are gone', () => replica.hub.watchers.size === 1);
    expect(other.isEnded).toBe(false);
  });

  it('comes with a session that ends before it has begun', async () => {
    const { sink } = replica.watch(alma, {}, { sessionId: 'ended' });
    replica.hub.endSession('ended');
    await eventually('nothing is held', isEmpty);
    expect(sink.endReason).toBe('SESSION_ENDED');
    expect(sink.kinds()).toEqual(['session-ending']);
  });

  it('comes when the replica stops: told to go, each with a delay of its own, then closed, and nothing new begins', async () => {
    const sinks = Array.from({ length: 50 }, () => replica.watch(alma).sink);
    await eventually('caught up', () => sinks.every((sink) => sink.caughtUp));
    replica.hub.goAway(5_000);
    await eventually('all are told', () => sinks.every((sink) => sink.of('going-away').length === 1));
    const delays = sinks.flatMap((sink) => sink.of('going-away')).map(({ delayMs }) => delayMs);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5_000);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(1_000);
    expect(sinks.some((sink) => sink.isEnded)).toBe(false);

    const { sink: refused } = replica.watch(ben);
    expect(refused.ending?.error).toMatchObject({ kind: 'unavailable', reason: 'GOING_AWAY' });
    await replica.hub.close();
    expect(sinks.map((sink) => sink.endReason)).toEqual(sinks.map(() => 'GOING_AWAY'));
    await eventually('nothing is held', isEmpty);
  });

  it('comes to a stream that fails, and to no other', async () => {
    const { client, id } = await replica.desk.newClient();
    await replica.desk.send(client, id);
    const { sink: broken } = replica.watch(alma, { cursors: [cursor(id)] }, { sessionId: 'same' });
    const { sink: whole } = replica.watch(ben, { cursors: [cursor(id)] }, { sessionId: 'same' });
    await eventually('caught up', () => broken.caughtUp && whole.caughtUp);
    broken.broken = new Error('the stream is destroyed');
    await replica.desk.send(client, id);
    await eventually('the whole one goes on', () => whole.seqs().length === 3);
    await eventually('the broken one is gone', () => replica.hub.watchers.size === 1);
    expect(replica.troubles).toContain(broken.broken);
  });

  it('comes with its session to all, also where one of the streams fails', async () => {
    const { sink: broken } = replica.watch(alma, {}, { sessionId: 'ended' });
    const { sink: whole } = replica.watch(ben, {}, { sessionId: 'ended' });
    await eventually('caught up', () => broken.caughtUp && whole.caughtUp);
    broken.broken = new Error('the stream is destroyed');
    replica.hub.endSession('ended');
    expect(whole.endReason).toBe('SESSION_ENDED');
    await eventually('nothing is held', isEmpty);
  });

  it('comes with a read that fails, and asks the page to come again', async () => {
    const { client, id } = await replica.desk.newClient();
    await replica.desk.send(client, id);
    const failure = new Error('the database is away');
    replica.log.afterRead = () => Promise.reject(failure);
    const { sink } = replica.watch(alma, { cursors: [cursor(id)] });
    await eventually('ended', () => sink.isEnded);
    expect(sink.ending?.error).toMatchObject({ kind: 'unavailable', reason: 'WATCH_BROKEN' });
    expect(replica.troubles).toEqual([failure]);
    await eventually('nothing is held', isEmpty);
  });
});
