import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben } from '../testing/thread.js';

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a watch', () => {
  let replicas: LiveReplicas;
  let replica: LiveReplica;

  beforeEach(async () => {
    replicas = await liveReplicas();
    replica = replicas.one;
  });

  afterEach(async () => {
    await replicas.close();
    expect([...replica.troubles, ...replicas.two.troubles]).toEqual([]);
  });

  /** A conversation of `entries` entries: the opened case, then the client's messages. */
  async function conversationOf(entries: number): Promise<{ client: Person; id: string }> {
    const conversation = await replica.desk.newClient();
    const { client, id } = conversation;
    if (entries > 0) await replica.desk.send(client, id, 'message 2');
    await Promise.all(range(3, entries).map((seq) => replica.desk.send(client, id, `message ${seq}`)));
    return conversation;
  }

  async function caughtUp(sink: RecordingSink): Promise<void> {
    await eventually('caught up', () => sink.caughtUp);
  }

  describe('begins', () => {
    it('with the backlog in pages, then the row, presence, typing, and caught_up once; then live', async () => {
      const { client, id } = await conversationOf(250);
      replica.watch(client);
      replica.hub.typing(id, { side: 'client', personId: client.id, displayName: 'Mira' }, 5_000);
      const { sink: other } = replica.watch(ben, { cursors: [cursor(id)] });
      await eventually('the client is there', () => other.of('client-presence').at(-1)?.online === true);
      replica.hub.typing(id, { side: 'client', personId: client.id, displayName: 'Mira' }, 5_000);
      replica.log.reads.entries = 0;

      const { sink } = replicas.two.watch(alma, { cursors: [cursor(id)] });
      const first = replica.watch(alma, { cursors: [cursor(id)] }).sink;
      await caughtUp(first);
      await caughtUp(sink);
      expect(sink.seqs()).toEqual(range(1, 250));
      expect(replicas.two.log.reads.entries).toBe(3);
      expect(first.kinds()).toEqual([
        ...Array<string>(250).fill('entry'),
        'row',
        'client-presence',
        'typing',
        'caught-up',
      ]);

      await replica.desk.send(client, id, 'live');
      await eventually('live', () => first.rows().length === 2);
      expect(first.kinds().slice(253)).toEqual(['caught-up', 'entry', 'row', 'typing']);
      expect(first.of('caught-up')).toHaveLength(1);
    });

    it('with several conversations, each in its own order and followed by its row', async () => {
      const conversations = await Promise.all([conversationOf(5), conversationOf(120), conversationOf(0)]);
      const ids = conversations.map(({ id }) => id);
      const { sink } = replica.watch(alma, { cursors: ids.map((id) => cursor(id)) });
      await caughtUp(sink);
      expect(ids.map((id) => sink.seqs(id).length)).toEqual([5, 120, 0]);
      for (const id of ids) {
        expect(sink.seqs(id)).toEqual(range(1, sink.seqs(id).length));
        expect(sink.rows(id).map(({ lastSeq }) => lastSeq)).toEqual([sink.seqs(id).length]);
      }
      expect(sink.kinds().at(-1)).toBe('caught-up');
      expect(sink.of('client-presence')).toHaveLength(3);
    });

    it('with caught_up alone where it names nothing', async () => {
      const { sink } = replica.watch(alma);
      await caughtUp(sink);
      expect(sink.events).toEqual([{ kind: 'caught-up', epoch: replica.hub.epoch }]);
    });

    it('with caught_up alone for an inbox, whatever is open', async () => {
      await conversationOf(3);
      const { sink } = replica.watch(alma, { inbox: true });
      await caughtUp(sink);
      const { client, id } = await replica.desk.newClient();
      await replica.desk.send(client, id);
      await eventually('the new case', () => sink.rows(id).length === 1);
      expect(sink.kinds()).toEqual(['caught-up', 'row']);
    });

    it('and is refused where it names a conversation that does not exist', async () => {
      const { id } = await conversationOf(2);
      const { sink } = replica.watch(alma, { cursors: [cursor(id), cursor('nowhere')] });
      await eventually('refused', () => sink.isEnded);
      expect(sink.endReason).toBe('CONVERSATION_NOT_FOUND');
      expect(sink.events).toEqual([]);
      await eventually('nothing is left', () => replica.hub.lives.size === 0);
    });

    it('missing nothing that is committed while it reads', async () => {
      const { client, id } = await conversationOf(2);
      let sent = false;
      replica.log.afterRead = async (read) => {
        if (read !== 'rows' || sent) return;
        sent = true;
        await replica.desk.send(client, id, 'between');
      };
      const { sink } = replica.watch(alma, { cursors: [cursor(id)] });
      await caughtUp(sink);
      await eventually('all entries', () => sink.seqs().length === 3);
      expect(sink.seqs()).toEqual([1, 2, 3]);
      expect(sink.rows().at(-1)?.lastSeq).toBe(3);
    });

    it('and serves its inbox however busy a conversation is that it names', async () => {
      const { client, id } = await conversationOf(2);
      const waiting = await replica.desk.newClient();
      const sink = new RecordingSink();
      replica.watch(alma, { cursors: [cursor(id)], inbox: true }, { sink });
      await caughtUp(sink);
      sink.takes = 'slowly';
      let isBusy = true;
      const talk = (async () => {
        while (isBusy) {
          await Promise.all(range(1, 10).map(() => replica.desk.send(client, id)));
          await setImmediate();
        }
      })();
      await eventually('it lags behind', () => (replica.hub.lives.get(id)?.row?.lastSeq ?? 0) > sink.seqs().length + 9);
      await replica.desk.send(waiting.client, waiting.id);
      await eventually('the waiting client shows', () => sink.rows(waiting.id).length > 0);
      isBusy = false;
      await talk;
      expect(sink.isEnded).toBe(false);
    });
  });

  describe('resumes', () => {
    it('from a cut at any event with exactly what follows, each once', async () => {
      const { client, id } = await conversationOf(8);
      const other = await conversationOf(4);
      const ids = [id, other.id];
      const { sink: whole, gone } = replica.watch(alma, { cursors: ids.map((name) => cursor(name)) });
      await caughtUp(whole);
      await replica.desk.send(client, id, 'live');
      await replica.desk.send(other.client, other.id, 'live');
      await eventually('all', () => whole.seqs(id).length === 9 && whole.seqs(other.id).length === 5);
      await eventually('the rows', () => whole.rows().length >= 4);
      gone();

      for (let cut = 0; cut <= whole.events.length; cut += 1) {
        const seen = whole.events.slice(0, cut);
        const held = new Map(ids.map((name) => [name, 0]));
        for (const event of seen) if (event.kind === 'entry') held.set(event.entry.conversationId, event.entry.seq);
        const { sink, gone: close } = replica.watch(alma, {
          epoch: replica.hub.epoch,
          cursors: ids.map((name) => cursor(name, held.get(name))),
        });
        await caughtUp(sink);
        expect(sink.seqs(id)).toEqual(range((held.get(id) ?? 0) + 1, 9));
        expect(sink.seqs(other.id)).toEqual(range((held.get(other.id) ?? 0) + 1, 5));
        expect(sink.rows(id).map(({ lastSeq }) => lastSeq)).toEqual([9]);
        expect(sink.of('reset')).toEqual([]);
        close();
      }
    });

    it('on another replica', async () => {
      const { id } = await conversationOf(6);
      const { sink } = replicas.two.watch(alma, { cursors: [cursor(id, 4)] });
      await caughtUp(sink);
      expect(sink.seqs()).toEqual([5, 6]);
    });
  });

  describe('is told to reload', () => {
    it.each([
      { behind: 1_000, resets: 0 },
      { behind: 1_001, resets: 1 },
    ])('when it is over 1,000 behind ($behind)', async ({ behind, resets }) => {
      const { client, id } = await conversationOf(behind + 1);
      const { sink } = replica.watch(alma, { cursors: [cursor(id, 1)] });
      await caughtUp(sink);
      const { epoch } = replica.hub;
      const reset = { kind: 'reset', conversationId: id, reason: 'too-far-behind', epoch, afterSeq: behind + 1 };
      expect(sink.of('reset')).toEqual(resets === 1 ? [reset] : []);
      expect(sink.seqs()).toEqual(resets === 1 ? [] : range(2, behind + 1));
      await replica.desk.send(client, id);
      await eventually('it goes on', () => sink.seqs().at(-1) === behind + 2);
    });

    it('when its cursor is beyond the head, and entries go on after the reset', async () => {
      const { client, id } = await conversationOf(3);
      const { sink } = replica.watch(alma, { cursors: [cursor(id, 9)] });
      await caughtUp(sink);
      expect(sink.events[0]).toMatchObject({ kind: 'reset', reason: 'beyond-head', afterSeq: 3 });
      expect(sink.seqs()).toEqual([]);
      await replica.desk.send(client, id);
      await eventually('it goes on', () => sink.seqs().length === 1);
      expect(sink.seqs()).toEqual([4]);
    });

    it('when its cursor is below the first entry still kept', async () => {
      const { client, id } = await conversationOf(9);
      await keepFrom(id, 5);
      const behind = replica.watch(alma, { cursors: [cursor(id, 3)] }).sink;
      const atTheEdge = replica.watch(alma, { cursors: [cursor(id, 4)] }).sink;
      const fresh = replica.watch(alma, { cursors: [cursor(id)] }).sink;
      await Promise.all([behind, atTheEdge, fresh].map(caughtUp));
      expect(behind.events[0]).toMatchObject({ kind: 'reset', reason: 'below-first', afterSeq: 9 });
      expect(behind.seqs()).toEqual([]);
      expect(atTheEdge.seqs()).toEqual(range(5, 9));
      expect(fresh.seqs()).toEqual(range(5, 9));
      expect([...atTheEdge.of('reset'), ...fresh.of('reset')]).toEqual([]);
      await replica.desk.send(client, id);
      await eventually('all go on', () => [behind, atTheEdge, fresh].every((sink) => sink.seqs().at(-1) === 10));
    });

    it('when what it has yet to read is no longer kept', async () => {
      const { client, id } = await conversationOf(9);
      const sink = new RecordingSink();
      sink.takes = 'nothing';
      replica.watch(alma, { cursors: [cursor(id)] }, { sink });
      await eventually('it hangs at the first entry', () => sink.events.length === 1);
      // The page it hangs in is read already: what follows is not.
      await Promise.all(range(10, 150).map((seq) => replica.desk.send(client, id, `message ${seq}`)));
      await keepFrom(id, 140);
      await replica.desk.send(client, id);
      sink.drain();
      await eventually('reset', () => sink.of('reset').length === 1);
      await eventually('the row', () => sink.rows().at(-1)?.lastSeq === 151);
      expect(sink.of('reset')[0]).toMatchObject({ reason: 'below-first', afterSeq: 151 });
      expect(replica.log.reads.entries).toBeLessThan(5);
      await replica.desk.send(client, id);
      await eventually('it goes on', () => sink.seqs().at(-1) === 152);
    });

    it('when its cursors are of another epoch, whatever they are', async () => {
      const { client, id } = await conversationOf(4);
      const { sink } = replica.watch(alma, { epoch: 'before the restore', cursors: [cursor(id, 2)] });
      await caughtUp(sink);
      const { epoch } = replica.hub;
      expect(epoch).not.toBe('');
      expect(sink.events[0]).toEqual({ kind: 'reset', conversationId: id, reason: 'other-epoch', epoch, afterSeq: 4 });
      expect(sink.of('caught-up')).toEqual([{ kind: 'caught-up', epoch }]);
      await replica.desk.send(client, id);
      await eventually('it goes on', () => sink.seqs().length === 1);
      expect(sink.seqs()).toEqual([5]);
    });

    /** As an erasure would leave it: nothing below `first` exists. */
    async function keepFrom(id: string, first: number): Promise<void> {
      await replica.log.change({
        conversationId: id,
        authorId: 'nobody',
        requestId: null,
        kind: null,
        bytes: 0,
        counts: null,
        decide: ({ conversation }) => ({
          conversation: { ...conversation, firstSeq: first, version: conversation.version + 1 },
          entries: [],
          cases: [],
          messages: [],
        }),
      });
      const kept = replica.log.pageAsRead;
      replica.log.pageAsRead = (page) => kept(page).filter(({ seq }) => seq >= first);
    }
  });

  describe('after a restore of the log', () => {
    it.each(['another watch', 'the heartbeat'])('ends, as soon as %s notices it, and begins anew', async (who) => {
      const { client, id } = await conversationOf(5);
      const { sink } = replica.watch(alma, { cursors: [cursor(id)], inbox: true });
      await caughtUp(sink);
      const { epoch } = replica.hub;
      const restored = await replica.desk.conversation(id);
      await replica.desk.send(client, id, 'lost by the restore');
      await eventually('it is shown', () => sink.seqs().length === 6);

      // The log comes back as it was before, under another epoch.
      await replica.log.freeze([id]);
      replica.log.past(restored);
      replica.log.restoredEpoch = 'restored';
      const next =
        who === 'another watch' ? replica.watch(ben, { epoch, cursors: [cursor(id, 6)], inbox: true }).sink : undefined;
      if (next === undefined) await replica.heartbeat.heal();
      await eventually('the old watch ends', () => sink.isEnded);
      expect(sink.endReason).toBe('OTHER_EPOCH');

      const again = next ?? replica.watch(alma, { epoch, cursors: [cursor(id, 6)], inbox: true }).sink;
      await caughtUp(again);
      expect(again.isEnded).toBe(false);
      expect(again.events[0]).toMatchObject({ kind: 'reset', reason: 'other-epoch', epoch: 'restored', afterSeq: 5 });
      expect(again.rows(id).at(-1)?.version).toBe(restored.version);
    });
  });

  describe('keeps rows right', () => {
    it('whatever order they are heard in: an older never replaces a newer', async () => {
      const { client, id } = await conversationOf(3);
      const old = await replica.desk.conversation(id);
      const { sink } = replica.watch(alma, { cursors: [cursor(id)] });
      const { sink: inbox } = replica.watch(ben, { inbox: true });
      await Promise.all([caughtUp(sink), caughtUp(inbox)]);
      await replica.desk.send(client, id);
      await eventually('the newer', () => sink.rows().length === 2 && inbox.rows().length === 1);
      replica.hub.committed([{ conversation: old, entries: [], announced: false }]);
      expect(replica.hub.lives.get(id)?.row?.lastSeq).toBe(4);

      // Rows of another conversation, the second after its rest: what the old row could bring has come by then.
      const other = await replica.desk.newClient();
      await replica.desk.send(other.client, other.id);
      await eventually('the other', () => inbox.rows(other.id).length === 1);
      await replica.desk.send(other.client, other.id);
      await eventually('the other again', () => inbox.rows(other.id).length === 2);
      await replica.desk.mark(client, id, 4, 4);
      await eventually('the newest', () => sink.rows().at(-1)?.progress.client.read === 4);
      await eventually('the newest there', () => inbox.rows(id).at(-1)?.progress.client.read === 4);
      for (const rows of [sink.rows(id), inbox.rows(id)]) {
        const versions = rows.map(({ version }) => version);
        expect(versions).toEqual([...new Set(versions)].sort((one, another) => one - another));
      }
      expect(inbox.rows(id)).toHaveLength(2);
    });

    it('and after the entries that they count', async () => {
      const { client, id } = await conversationOf(3);
      const sink = new RecordingSink();
      sink.takes = 'slowly';
      replica.watch(alma, { cursors: [cursor(id)] }, { sink });
      for (let wave = 0; wave < 10; wave += 1) {
        await Promise.all([replica.desk.send(client, id), replica.desk.send(client, id)]);
      }
      await eventually('the last row', () => sink.rows().at(-1)?.lastSeq === 23);
      let head = 0;
      for (const event of sink.events) {
        if (event.kind === 'entry') head = event.entry.seq;
        if (event.kind === 'row') expect(event.row.lastSeq).toBeLessThanOrEqual(head);
      }
    });
  });

  it('hears another replica by a hint, and its commits go to the other by one', async () => {
    const { client, id } = await conversationOf(2);
    const here = replica.watch(client, { cursors: [cursor(id)] }).sink;
    const there = replicas.two.watch(alma, { cursors: [cursor(id)] }).sink;
    await Promise.all([caughtUp(here), caughtUp(there)]);
    await replica.desk.send(client, id, 'from the first');
    await replicas.two.desk.send(alma, id, 'from the second');
    await eventually('both have all', () => here.seqs().at(-1) === 5 && there.seqs().at(-1) === 5);
    expect(here.seqs()).toEqual(range(1, 5));
    expect(there.seqs()).toEqual(range(1, 5));
    expect(here.of('entry').every(({ side }) => side === 'client')).toBe(true);
    expect(there.of('entry').every(({ side }) => side === 'support')).toBe(true);
  });
});
