import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import { alma, ben } from '../testing/thread.js';

const INTERVAL = 200;

describe('the heartbeat', () => {
  let replicas: LiveReplicas;
  let one: LiveReplica;
  let two: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas({ heartbeat: INTERVAL });
    ({ one, two } = replicas);
  });

  afterEach(() => replicas.close());

  it('brings entries, ticks and inbox rows of another replica within one interval when every hint is lost', async () => {
    const { client, id } = await one.desk.newClient();
    await one.desk.send(client, id);
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    const { sink: inbox } = two.watch(ben, { inbox: true });
    await eventually('caught up', () => sink.caughtUp && inbox.caughtUp);
    two.hints.mode = 'lost';
    two.heartbeat.start();
    await one.desk.send(client, id);
    await one.desk.claim(alma, await one.desk.conversation(id));
    await one.desk.mark(alma, id, 4, 4);
    const { version } = await one.desk.conversation(id);
    await eventually('right', () => sink.rows().at(-1)?.version === version, 3 * INTERVAL);
    await eventually('the inbox too', () => inbox.rows(id).at(-1)?.version === version, 3 * INTERVAL);
    expect(sink.seqs()).toEqual([1, 2, 3, 4]);
    expect(sink.rows().at(-1)?.progress.support.read).toBe(4);
  });

  it('compares versions, and reads no row that has not changed', async () => {
    const conversations = await Promise.all(Array.from({ length: 30 }, () => one.desk.newClient()));
    for (const { client, id } of conversations) await one.desk.send(client, id);
    const { sink } = two.watch(alma, { cursors: conversations.map(({ id }) => cursor(id)), inbox: true });
    await eventually('caught up', () => sink.caughtUp);
    const before = { ...two.log.reads };
    await two.heartbeat.heal();
    expect(two.log.reads).toEqual({ ...before, versions: before.versions + 1, epoch: before.epoch + 1 });
  });

  it('asks the database nothing while nobody watches', async () => {
    await two.heartbeat.heal();
    expect(two.log.reads).toEqual({ rows: 0, entries: 0, versions: 0, epoch: 0 });
    expect(two.presenceDatabase.steps).toEqual([]);
  });

  it('is heard on every stream once per interval, however many come and go', async () => {
    // Older streams end one by one, so that places in any list move.
    const passing = Array.from({ length: 40 }, () => one.watch(ben));
    const lasting = Array.from({ length: 5 }, () => one.watch(alma).sink);
    one.heartbeat.start();
    const start = performance.now();
    let ended = 0;
    await eventually('five intervals have passed', () => {
      const elapsed = performance.now() - start;
      // One in each fifth of an interval.
      for (; ended < (5 * elapsed) / INTERVAL; ended += 1) passing[ended]?.gone();
      return elapsed > 5 * INTERVAL;
    });
    const most = Math.ceil((performance.now() - start) / INTERVAL);
    for (const sink of lasting) {
      expect(sink.of('heartbeat').length).toBeGreaterThanOrEqual(3);
      expect(sink.of('heartbeat').length).toBeLessThanOrEqual(most);
    }
  });

  it('ends a stream with its token, and tells it why', async () => {
    const { sink } = one.watch(alma, {}, { expiresAt: Date.now() + 150 });
    const { sink: lasting } = one.watch(alma, {}, { expiresAt: Date.now() + 60_000 });
    await eventually('caught up', () => sink.caughtUp && lasting.caughtUp);
    one.heartbeat.start();
    expect(sink.isEnded).toBe(false);
    await eventually('ended', () => sink.isEnded);
    expect(sink.events.at(-1)).toEqual({ kind: 'session-ending', reason: 'token-expired' });
    expect(sink.ending?.error).toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' });
    await eventually('it is gone', () => one.hub.watchers.size === 1);
    expect(lasting.isEnded).toBe(false);
  });

  it('goes on past a stream that fails while it is ended', async () => {
    const { sink: broken } = one.watch(alma, {}, { expiresAt: Date.now() + 50 });
    const { sink } = one.watch(ben, {}, { expiresAt: Date.now() + 50 });
    await eventually('caught up', () => sink.caughtUp && broken.caughtUp);
    broken.broken = new Error('the stream is destroyed');
    one.heartbeat.start();
    await eventually('both are gone', () => one.hub.watchers.size === 0);
    expect(sink.endReason).toBe('TOKEN_EXPIRED');
    expect(one.troubles).toContain(broken.broken);
  });

  it('heals the log also while presence cannot be written', async () => {
    const { client, id } = await one.desk.newClient();
    await one.desk.send(client, id);
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    await eventually('caught up', () => sink.caughtUp);
    two.hints.mode = 'lost';
    const failure = new Error('planted');
    two.presenceDatabase.on = () => {
      throw failure;
    };
    await one.desk.send(client, id);
    await two.heartbeat.heal();
    await eventually('right', () => sink.seqs().length === 3);
    expect(two.troubles).toContain(failure);
    two.presenceDatabase.on = () => undefined;
  });

  it('goes on after a look that failed', async () => {
    const { client, id } = await one.desk.newClient();
    await one.desk.send(client, id);
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    await eventually('caught up', () => sink.caughtUp);
    two.hints.mode = 'lost';
    let failures = 0;
    two.log.afterRead = (read) => {
      if (read !== 'versions' || failures > 0) return;
      failures += 1;
      throw new Error('planted');
    };
    await one.desk.send(client, id);
    two.heartbeat.start();
    await eventually('right', () => sink.seqs().length === 3);
    expect(failures).toBe(1);
    expect(two.troubles).toHaveLength(1);
  });

  it('stops at once, also between its queries', async () => {
    const { sink } = two.watch(alma, { inbox: true });
    await eventually('caught up', () => sink.caughtUp);
    const conversations = await Promise.all(Array.from({ length: 600 }, () => one.desk.newClient()));
    await Promise.all(conversations.map(({ client, id }) => one.desk.send(client, id)));
    await eventually('all are known', () => two.hub.inbox.openConversations.size === 600);
    two.heartbeat.start();
    await two.heartbeat.stop();
    const reads = { ...two.log.reads };
    one.watch(ben, { cursors: conversations.slice(0, 1).map(({ id }) => cursor(id)) });
    one.heartbeat.start();
    await eventually('two intervals have passed', () => one.log.reads.versions >= 2);
    expect(two.log.reads).toEqual(reads);
  });
});
