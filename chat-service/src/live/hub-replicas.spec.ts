import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplicas } from '../testing/live-replicas.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben, vera } from '../testing/thread.js';

const SENDERS = 200;
const EACH = 3;

/** What any page must have seen, whatever happened on the way: every entry once, in order, and rows that only grow. */
function expectOrderly(sink: RecordingSink, id: string, first: number, head: number): void {
  expect(sink.seqs(id)).toEqual(Array.from({ length: head - first + 1 }, (_, index) => first + index));
  let seq = first - 1;
  let version = 0;
  for (const event of sink.events) {
    if (event.kind === 'entry' && event.entry.conversationId === id) seq = event.entry.seq;
    if (event.kind !== 'row' || event.row.id !== id) continue;
    expect(event.row.version).toBeGreaterThan(version);
    expect(event.row.lastSeq).toBeLessThanOrEqual(seq);
    version = event.row.version;
  }
  expect(seq).toBe(head);
}

describe('watchers on two replicas while 200 senders write through both', () => {
  let replicas: LiveReplicas;

  beforeEach(async () => {
    replicas = await liveReplicas();
  });

  afterEach(async () => {
    await replicas.close();
    expect([...replicas.one.troubles, ...replicas.two.troubles]).toEqual([]);
  });

  it.each([
    { hints: 'faithful', told: 'with every hint' },
    { hints: 'unruly', told: 'with hints repeated, late and out of order' },
    { hints: 'lost', told: 'with no hint at all, after one heartbeat' },
  ] as const)('see every entry once, in order, up to the head: $told', async ({ hints }) => {
    const { one, two } = replicas;
    one.hints.mode = two.hints.mode = hints;
    const { client, id } = await one.desk.newClient();
    const other = await two.desk.newClient();
    const cursors = [cursor(id), cursor(other.id)];
    const slow = new RecordingSink();
    slow.takes = 'slowly';
    const sinks = [
      one.watch(client, { cursors: [cursor(id)] }).sink,
      two.watch(client, { cursors: [cursor(id)] }).sink,
      // An inbox would have the heartbeat compare these conversations a second time.
      one.watch(alma, { cursors, inbox: hints !== 'lost' }).sink,
      two.watch(ben, { cursors, inbox: hints !== 'lost' }).sink,
      two.watch(vera, { cursors }, { sink: slow }).sink,
    ];
    await eventually('all have begun', () => sinks.every((sink) => sink.caughtUp));

    const sender = async (index: number): Promise<void> => {
      const { desk } = index % 2 === 0 ? one : two;
      for (let sent = 0; sent < EACH; sent += 1) {
        if (index % 10 === 0) await desk.send(other.client, other.id);
        const { seq } = await desk.send(client, id);
        if (index % 20 === 0) await desk.mark(client, id, seq, seq);
        await setImmediate();
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, index) => sender(index));
    await eventually('it is under way', () => sinks.some((sink) => sink.seqs(id).length > 100));
    const late = [one, two].map((replica) => replica.watch(alma, { cursors: [cursor(id, 50)] }).sink);
    await Promise.all(senders);

    if (hints === 'lost') await Promise.all([one.heartbeat.heal(), two.heartbeat.heal()]);
    const { lastSeq, version } = await one.desk.conversation(id);
    expect(lastSeq).toBe(SENDERS * EACH + 1);
    await eventually('all are at the head', () =>
      [...sinks, ...late].every((sink) => sink.rows(id).at(-1)?.version === version),
    );
    for (const sink of sinks) expectOrderly(sink, id, 1, lastSeq);
    for (const sink of late) expectOrderly(sink, id, 51, lastSeq);
    const { lastSeq: otherSeq, version: otherVersion } = await one.desk.conversation(other.id);
    await eventually('also of the other conversation', () =>
      sinks.slice(2).every((sink) => sink.rows(other.id).at(-1)?.version === otherVersion),
    );
    for (const sink of sinks.slice(2)) expectOrderly(sink, other.id, 1, otherSeq);
    expect([...sinks, ...late].flatMap((sink) => sink.of('reset'))).toEqual([]);
  });
});

describe('a hub whose database lags behind commits', () => {
  let replicas: LiveReplicas;

  beforeEach(async () => {
    replicas = await liveReplicas();
  });

  afterEach(async () => {
    await replicas.close();
    expect([...replicas.one.troubles, ...replicas.two.troubles]).toEqual([]);
  });

  it.each(['rows', 'entries', 'both'] as const)(
    'looks again until it shows what a hint told, without a heartbeat and without spinning (lagging: %s)',
    async (lags) => {
      const { one, two } = replicas;
      const { client, id } = await one.desk.newClient();
      await one.desk.send(client, id);
      const sinks = [alma, ben, vera].map((admin) => two.watch(admin, { cursors: [cursor(id)] }).sink);
      await eventually('caught up', () => sinks.every((sink) => sink.caughtUp));

      await two.log.freeze([id], lags);
      two.log.reads.rows = two.log.reads.entries = 0;
      for (let sent = 0; sent < 10; sent += 1) await one.desk.send(client, id);
      await eventually('it has looked in vain for a while', () => two.log.reads.rows + two.log.reads.entries >= 6);
      expect(sinks.map((sink) => sink.seqs())).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ]);
      two.log.thaw();
      await eventually('right', () => sinks.every((sink) => sink.rows().at(-1)?.lastSeq === 12));
      for (const sink of sinks) expectOrderly(sink, id, 1, 12);
      // 20, 40, 80 … 2,000 ms: no more looks than these waits allow.
      expect(two.log.reads.rows + two.log.reads.entries).toBeLessThan(25);
    },
  );

  it('shows an inbox the chat that the database did not show when it was hinted', async () => {
    const { one, two } = replicas;
    const { sink } = two.watch(alma, { inbox: true });
    await eventually('caught up', () => sink.caughtUp);
    const { client, id } = await one.desk.newClient();
    await two.log.freeze([id]);
    await one.desk.send(client, id);
    await eventually('it has looked in vain', () => two.log.reads.rows >= 3);
    expect(sink.rows()).toEqual([]);
    two.log.thaw();
    await eventually('the chat', () => sink.rows(id).length === 1);
  });

  it('waits with caught_up until the backlog is complete', async () => {
    const { one, two } = replicas;
    const { client, id } = await one.desk.newClient();
    await one.desk.send(client, id);
    await two.log.freeze([id], 'entries');
    await one.desk.send(client, id);
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    await eventually('it has looked in vain', () => two.log.reads.entries >= 3);
    expect(sink.kinds()).toEqual(['entry', 'entry']);
    two.log.thaw();
    await eventually('caught up', () => sink.caughtUp);
    expect(sink.kinds()).toEqual(['entry', 'entry', 'entry', 'row', 'client-presence', 'caught-up']);
  });

  it('gives a page that knows more than the database a moment instead of a reset', async () => {
    const { one, two } = replicas;
    const { client, id } = await one.desk.newClient();
    await two.log.freeze([]);
    await one.desk.send(client, id);
    const { sink } = two.watch(client, { cursors: [cursor(id, 2)] });
    await eventually('it has looked in vain', () => two.log.reads.rows >= 3);
    two.log.thaw();
    await eventually('caught up', () => sink.caughtUp);
    expect(sink.kinds()).toEqual(['row', 'support-presence', 'caught-up']);
  });

  it('waits for an entry that a read left out, and never goes over the gap', async () => {
    const { one, two } = replicas;
    const { client, id } = await one.desk.newClient();
    for (let sent = 0; sent < 5; sent += 1) await one.desk.send(client, id);
    two.log.pageAsRead = (page) => page.filter(({ seq }) => seq !== 4);
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    await eventually('it has looked in vain', () => two.log.reads.entries >= 4);
    expect(sink.seqs()).toEqual([1, 2, 3]);
    two.log.pageAsRead = (page) => page;
    await eventually('caught up', () => sink.caughtUp);
    expectOrderly(sink, id, 1, 6);
  });
});
