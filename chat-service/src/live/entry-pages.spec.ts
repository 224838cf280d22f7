import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import { alma } from '../testing/thread.js';
import { EntryPages } from './entry-pages.js';
import type { Hub } from './hub.js';
import { LiveConversation } from './live-conversation.js';
import { Slot, Watcher } from './watcher.js';

const admins = (count: number): Person[] =>
  Array.from({ length: count }, (_, index) => ({ ...alma, id: `admin-${index}` }));

describe('pages of entries', () => {
  let replicas: LiveReplicas;
  let one: LiveReplica;
  let two: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas();
    ({ one, two } = replicas);
  });

  afterEach(() => replicas.close());

  it('are encoded once per event and side, and not read at all, for 100 watchers where they are committed', async () => {
    const { client, id } = await one.desk.newClient();
    const sinks = [
      ...admins(100).map((admin) => one.watch(admin, { cursors: [cursor(id)] }).sink),
      one.watch(client, { cursors: [cursor(id)] }).sink,
    ];
    await eventually('caught up', () => sinks.every((sink) => sink.caughtUp));
    one.log.reads.entries = 0;
    one.encoder.rows = 0;
    for (let sent = 0; sent < 5; sent += 1) {
      await one.desk.send(client, id);
      await eventually('all have it', () => sinks.every((sink) => sink.rows().at(-1)?.lastSeq === sent + 2));
    }
    expect(one.encoder.entries.size).toBe(12);
    expect([...one.encoder.entries.values()].every((times) => times === 1)).toBe(true);
    expect(one.encoder.rows).toBe(5);
    expect(one.log.reads.entries).toBe(0);
  });

  it('are read once and encoded once for 100 watchers on another replica', async () => {
    const { client, id } = await one.desk.newClient();
    const sinks = admins(100).map((admin) => two.watch(admin, { cursors: [cursor(id)] }).sink);
    await eventually('caught up', () => sinks.every((sink) => sink.caughtUp));
    const reads = two.hub.counts.entryReads;
    const rows = two.hub.counts.rowReads;
    await one.desk.send(client, id);
    await eventually('all have it', () => sinks.every((sink) => sink.rows().at(-1)?.lastSeq === 2));
    expect(two.hub.counts.entryReads - reads).toBe(1);
    expect(two.hub.counts.rowReads - rows).toBe(1);
    expect([...two.encoder.entries]).toEqual([
      [`support ${id} 1`, 1],
      [`support ${id} 2`, 1],
    ]);
  });

  it('of one backlog are read once by all who begin together', async () => {
    const { client, id } = await one.desk.newClient();
    for (let sent = 0; sent < 150; sent += 1) await one.desk.send(client, id);
    const sinks = admins(20).map((admin) => two.watch(admin, { cursors: [cursor(id)] }).sink);
    await eventually('all have it', () => sinks.every((sink) => sink.caughtUp && sink.seqs().length === 151));
    expect(two.hub.counts.entryReads).toBe(2);
  });

  describe('within a bound', () => {
    /** What each ring of 50 short messages takes. */
    const RING = 50 * (512 + 4 * 5);
    let pages: EntryPages;
    let counts: { entryReads: number };

    const watched = async (): Promise<LiveConversation> => {
      const { client, id } = await one.desk.newClient();
      for (let sent = 0; sent < 49; sent += 1) await one.desk.send(client, id, 'Hello');
      const live = new LiveConversation(id, one.encoder);
      live.slots.add(new Slot(watcherOf(one.hub), live, 0));
      return live;
    };
    const watcherOf = (hub: Hub): Watcher =>
      new Watcher(
        hub,
        { personId: 'admin', role: 'admin', side: 'support', sessionId: 's', expiresAt: 0 },
        { epoch: '', cursors: [], inbox: false },
        { write: () => true, drained: () => Promise.resolve(), end: () => undefined },
      );

    beforeEach(() => {
      counts = { entryReads: 0 };
      pages = new EntryPages(one.log, one.encoder, counts, 2.5 * RING);
    });

    it('of bytes: the ring used least recently goes first, and its pages are read again', async () => {
      const [first, second, third] = [await watched(), await watched(), await watched()];
      await pages.after(first, 0);
      await pages.after(second, 0);
      await pages.after(first, 0);
      expect(counts.entryReads).toBe(2);
      await pages.after(third, 0);
      expect([first, second, third].map(({ ring }) => ring.size > 0)).toEqual([true, false, true]);
      expect(pages.bytes).toBeLessThanOrEqual(2.5 * RING);
      expect((await pages.after(second, 47)).map(({ entry }) => entry.seq)).toEqual([48, 49, 50]);
      expect(counts.entryReads).toBe(4);
    });

    it('of nobody: nothing is kept of a conversation whose watchers have gone meanwhile', async () => {
      const live = await watched();
      const page = pages.after(live, 0);
      live.slots.clear();
      pages.forget(live);
      expect(await page).toHaveLength(50);
      expect([live.ring.size, pages.bytes]).toEqual([0, 0]);
    });

    it('of the ring: a page that begins before it does not disturb it', async () => {
      const live = await watched();
      await pages.after(live, 30);
      const size = live.ring.size;
      const page = await pages.after(live, 0);
      expect(page).toHaveLength(50);
      expect(live.ring.size).toBe(size);
      expect(pages.bytes).toBe(size);
    });
  });
});
