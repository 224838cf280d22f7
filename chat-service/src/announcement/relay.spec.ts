import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedAnnouncementBus } from '../broker/embedded/embedded-announcement-bus.js';
import { eventually } from '../testing/eventually.js';
import { memoryLog } from '../testing/memory-log.js';
import { outboxOnSqlite } from '../testing/outbox-under-test.js';
import type { Announcement, AnnouncementType } from './announcement.js';
import { AnnouncementBus, type Outcome } from './announcement-bus.port.js';
import { outboxRowOf, type OutboxUnderTest } from './outbox.contract.js';
import { AnnouncementRelay, type RelayTimes } from './relay.js';

const ASSIGNED: AnnouncementType = 'energy.chat.case.assigned.v1';
const OPENED: AnnouncementType = 'energy.chat.case.opened.v1';
const DAY = 86_400_000;
const QUICK: Partial<RelayTimes> = {
  renewMs: 20,
  pollMs: 20,
  firstPauseMs: 10,
  longestPauseMs: 40,
  probeMs: 40,
  dropMs: 20,
};
/** So long that only a call of `wake` explains what happens in a test. */
const PATIENT: Partial<RelayTimes> = { ...QUICK, pollMs: 3_600_000 };

/** The embedded bus with troubles: `outcomeOf` says what becomes of an announcement before it gets there. */
class TroubledBus extends AnnouncementBus {
  readonly delivered: string[] = [];
  readonly tries: string[][] = [];
  outcomeOf: (announcement: Announcement) => Outcome = () => 'delivered';
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  private readonly bus = new EmbeddedAnnouncementBus(memoryLog().log, [({ id }) => this.delivered.push(id)]);

  override async publish(announcements: readonly Announcement[]): Promise<Outcome[]> {
    this.tries.push(announcements.map(({ id }) => id));
    const outcomes = announcements.map((announcement) => this.outcomeOf(announcement));
    await this.bus.publish(announcements.filter((_, index) => outcomes[index] === 'delivered'));
    await this.beforeAnswer();
    return outcomes;
  }

  override close(): Promise<void> {
    return this.bus.close();
  }
}

describe('AnnouncementRelay', () => {
  let test: OutboxUnderTest;
  let bus: TroubledBus;
  let log: ReturnType<typeof memoryLog>;
  let relays: AnnouncementRelay[];

  beforeEach(async () => {
    test = await outboxOnSqlite();
    bus = new TroubledBus();
    log = memoryLog();
    relays = [];
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    await test.close();
  });

  function startRelay(times = QUICK, replica = 'one', outbox = test.replicas[0]): AnnouncementRelay {
    const relay = new AnnouncementRelay(outbox, bus, replica, log.log, times);
    relays.push(relay);
    relay.start();
    return relay;
  }
  const empty = () => eventually('the outbox is empty', async () => (await test.replicas[0].size()) === 0);
  const opened = (conversation: string, ...seqs: number[]) => seqs.map((seq) => outboxRowOf(conversation, seq));
  const assigned = (conversation: string, ...seqs: number[]) =>
    seqs.map((seq) => outboxRowOf(conversation, seq, ASSIGNED));
  const idsOf = (conversation: string) => bus.delivered.filter((id) => id.startsWith(`${conversation}/`));

  it('sends what was committed, in order per conversation and type, and empties the outbox', async () => {
    await test.write([...opened('b', 1, 2), ...assigned('a', 5), ...opened('a', 4, 10)]);
    const relay = startRelay();
    await empty();
    expect(bus.delivered).toHaveLength(5);
    expect(idsOf('a')).toEqual(['a/4/case_opened', 'a/5/case_assigned', 'a/10/case_opened']);
    expect(idsOf('b')).toEqual(['b/1/case_opened', 'b/2/case_opened']);
    expect(relay.relayed).toBe(5);
    expect(relay.failures).toBe(0);
  });

  it('sends more rows than fit into a batch', async () => {
    const rows = Array.from({ length: 1_100 }, (_, index) => outboxRowOf(`c${index}`, 1));
    await test.write(rows);
    startRelay(PATIENT);
    await empty();
    expect(new Set(bus.delivered).size).toBe(1_100);
  });

  it('sends at once what it is woken for, and finds by itself what other replicas committed', async () => {
    const relay = startRelay(PATIENT);
    await eventually('it holds the lease', () => relay.holdsLease);
    await test.write(opened('a', 1));
    relay.wake();
    await empty();
    await relay.stop();

    startRelay(QUICK, 'two');
    await test.write(opened('a', 2));
    await empty();
    expect(bus.delivered).toEqual(['a/1/case_opened', 'a/2/case_opened']);
  });

  it('repeats what was sent but not removed when a replica dies between the two, and loses nothing', async () => {
    await test.write(opened('a', 1, 2, 3));
    let dies = true;
    const [outbox] = test.replicas;
    const remove = outbox.remove.bind(outbox);
    outbox.remove = async (rows) => {
      if (dies && bus.delivered.includes('a/2/case_opened')) {
        dies = false;
        throw new Error('the process is gone');
      }
      await remove(rows);
    };
    const relay = startRelay();
    await empty();
    expect(bus.delivered).toEqual([1, 2, 2, 3].map((seq) => `a/${seq}/case_opened`));
    expect(relay.failures).toBe(1);
  });

  it('lets no announcement overtake one of its conversation and type that the bus refused', async () => {
    await test.write([...assigned('a', 1, 2, 3), ...opened('a', 4), ...assigned('b', 1)]);
    let refusals = 0;
    bus.outcomeOf = ({ id }) => (id === 'a/2/case_assigned' && refusals++ < 3 ? 'failed' : 'delivered');
    startRelay();
    await empty();
    const ofTheType = idsOf('a').filter((id) => id.endsWith('assigned'));
    expect(ofTheType).toEqual(['a/1/case_assigned', 'a/2/case_assigned', 'a/3/case_assigned']);
    expect(bus.tries.every((ids) => !ids.includes('a/2/case_assigned') || !ids.includes('a/3/case_assigned'))).toBe(
      true,
    );
  });

  it('goes on with other types while the bus refuses one', async () => {
    bus.outcomeOf = ({ type }) => (type === ASSIGNED ? 'failed' : 'delivered');
    await test.write([...assigned('a', 1), ...opened('a', 2)]);
    startRelay();
    await eventually('the other type is out', () => bus.delivered.length === 1);
    await test.write(opened('z', 1));
    await eventually('and what came later', () => bus.delivered.length === 2);
    // What was delivered is deleted a moment later.
    await eventually('only what was refused is left', async () => (await test.replicas[0].size()) === 1);
    bus.outcomeOf = () => 'delivered';
    await empty();
  });

  it('parks a type that no queue takes, tries one of its rows at a time, and sends the rest once that is routed', async () => {
    bus.outcomeOf = ({ type }) => (type === ASSIGNED ? 'unroutable' : 'delivered');
    await test.write([...assigned('a', 1, 2), ...assigned('b', 1), ...opened('c', 1)]);
    const relay = startRelay();
    await eventually('the type is parked', () => relay.parkedTypes === 1);
    await test.write(opened('d', 1));
    await eventually('other types go on', () => bus.delivered.length === 2);

    bus.tries.splice(0);
    await eventually('it is tried again and again', () => bus.tries.length >= 3);
    expect(bus.tries.every((ids) => ids.join() === 'a/1/case_assigned')).toBe(true);
    expect(await test.replicas[0].size()).toBe(3);
    expect(relay.failures).toBe(0);

    bus.outcomeOf = () => 'delivered';
    await empty();
    expect(relay.parkedTypes).toBe(0);
    expect(bus.delivered.slice(2)).toEqual(['a/1/case_assigned', 'a/2/case_assigned', 'b/1/case_assigned']);
  });

  it('drops rows of a parked type after seven days, by database time, counts them, and drops nothing else', async () => {
    const now = await test.now();
    bus.outcomeOf = ({ type }) => (type === ASSIGNED ? 'unroutable' : 'failed');
    await test.write([outboxRowOf('a', 1, ASSIGNED, now), outboxRowOf('b', 1, OPENED, now)]);
    const relay = startRelay();
    await eventually('the type is parked', () => relay.parkedTypes > 0);
    test.advance(6 * DAY);
    await eventually('the lease is held again', async () => relay.holdsLease && (await test.replicas[0].size()) === 2);
    test.advance(1.1 * DAY);
    await eventually('the old row is gone', () => relay.dropped === 1);
    expect(await test.replicas[0].firstOf(ASSIGNED)).toBeUndefined();
    expect(await test.replicas[0].firstOf(OPENED)).toBeDefined();
  });

  it('waits while the bus is away, ever longer, whoever wakes it, and goes on when it is back', async () => {
    bus.outcomeOf = () => 'failed';
    const relay = startRelay({ ...QUICK, firstPauseMs: 50, longestPauseMs: 50 });
    await test.write(opened('a', 1, 2));
    const began = performance.now();
    await eventually('it has tried five times', () => {
      relay.wake();
      return relay.failures >= 5;
    });
    expect(performance.now() - began).toBeGreaterThan(4 * 50);
    expect(bus.tries.every((ids) => ids.length === 1)).toBe(true);
    expect(log.lines.filter((line) => line.includes('announcements wait'))).toHaveLength(1);
    bus.outcomeOf = () => 'delivered';
    await empty();
    expect(bus.delivered).toEqual(['a/1/case_opened', 'a/2/case_opened']);
  });

  it('goes on when the database is back', async () => {
    const [outbox] = test.replicas;
    const next = outbox.next.bind(outbox);
    let troubles = 3;
    outbox.next = (limit, parked) =>
      troubles-- > 0 ? Promise.reject(new Error('the database is away')) : next(limit, parked);
    await test.write(opened('a', 1));
    const relay = startRelay();
    await empty();
    expect(relay.failures).toBe(3);
  });

  it('relays on one replica only, and on the next as soon as that one stops', async () => {
    const one = startRelay(QUICK, 'one');
    await eventually('the first holds the lease', () => one.holdsLease);
    const two = startRelay(QUICK, 'two', test.replicas[1]);
    await test.write(opened('a', 1));
    two.wake();
    await empty();
    expect([one.relayed, two.relayed]).toEqual([1, 0]);
    await one.stop();
    await test.write(opened('a', 2));
    await empty();
    expect([one.relayed, two.relayed]).toEqual([1, 1]);
  });

  it('takes over from a replica that died, once its lease has expired, and not before', async () => {
    expect(await test.replicas[1].lease('dead', 10)).toBe(true);
    await test.write(opened('a', 1));
    let asked = 0;
    const [outbox] = test.replicas;
    const lease = outbox.lease.bind(outbox);
    outbox.lease = (replica, seconds) => {
      asked++;
      return lease(replica, seconds);
    };
    startRelay(QUICK, 'alive');
    test.advance(9_000);
    const before = asked;
    await eventually('it has asked for the lease', () => asked > before + 1);
    expect(bus.tries).toEqual([]);
    test.advance(1_001);
    await empty();
  });

  /** Database time passes `relay`'s lease before it renews, and another replica is quicker. */
  async function loseLease(relay: AnnouncementRelay): Promise<void> {
    await eventually('the other has it', async () => {
      test.advance(11_000);
      return test.replicas[1].lease('other', 3_600);
    });
    await eventually('the first has noticed', () => !relay.holdsLease);
  }

  it('sends nothing while another holds the lease, not even to try a parked type', async () => {
    bus.outcomeOf = () => 'unroutable';
    await test.write(opened('a', 1));
    const relay = startRelay();
    await eventually('the type is parked', () => relay.parkedTypes === 1);
    await loseLease(relay);
    bus.tries.splice(0);
    const [outbox] = test.replicas;
    const lease = outbox.lease.bind(outbox);
    let asked = 0;
    outbox.lease = (replica, seconds) => {
      asked++;
      return lease(replica, seconds);
    };
    await eventually('it asks for the lease while the type would be due', () => asked * 20 > 3 * 40);
    expect(bus.tries).toEqual([]);
    expect(relay.parkedTypes).toBe(0);
  });

  it('forgets what it held back when it takes the lease again: the other may know better', async () => {
    bus.outcomeOf = () => 'unroutable';
    await test.write(opened('a', 1));
    const relay = startRelay({ ...QUICK, probeMs: 3_600_000 });
    await eventually('the type is parked', () => relay.parkedTypes === 1);
    await loseLease(relay);
    bus.outcomeOf = () => 'delivered';
    await test.replicas[1].release('other');
    await empty();
  });

  it('lets the batch in flight end when it is stopped, starts no other, and gives the lease away', async () => {
    const answer = Promise.withResolvers<void>();
    bus.beforeAnswer = () => answer.promise;
    await test.write(opened('a', 1, 2));
    const relay = startRelay();
    await eventually('a batch is in flight', () => bus.delivered.length === 1);
    const stopped = relay.stop();
    answer.resolve();
    await stopped;
    expect(await test.replicas[0].next(10, [])).toEqual(opened('a', 2));
    expect(await test.replicas[1].lease('next', 10)).toBe(true);
  });
});
