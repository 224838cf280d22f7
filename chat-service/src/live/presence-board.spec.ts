import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { SqlPresence } from '../database/sql-presence.js';
import { eventually } from '../testing/eventually.js';
import {
  cursor,
  HEARTBEAT_SECONDS,
  liveReplicas,
  type LiveReplica,
  type LiveReplicas,
} from '../testing/live-replicas.js';
import type { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben } from '../testing/thread.js';

const GRACE = 80;

describe('presence', () => {
  let replicas: LiveReplicas;
  let one: LiveReplica;
  let two: LiveReplica;
  let client: Person;
  let id: string;

  beforeEach(async () => {
    replicas = await liveReplicas({ grace: GRACE });
    ({ one, two } = replicas);
    ({ client, id } = await one.desk.newClient());
  });

  afterEach(async () => {
    await replicas.close();
    expect([...one.troubles, ...two.troubles]).toEqual([]);
  });

  const online = (sink: RecordingSink): boolean[] => sink.of('client-presence').map((signal) => signal.online);
  const available = (sink: RecordingSink): boolean[] => sink.of('support-presence').map((signal) => signal.available);

  async function watching(replica: LiveReplica, person: Person): Promise<{ sink: RecordingSink; gone(): void }> {
    const watch = replica.watch(person, { cursors: [cursor(id)] });
    await eventually('caught up', () => watch.sink.caughtUp);
    return watch;
  }

  it('tells administrators on both replicas when a client comes and goes', async () => {
    const admins = [(await watching(one, alma)).sink, (await watching(two, ben)).sink];
    expect(admins.map(online)).toEqual([[false], [false]]);
    const { gone } = await watching(one, client);
    await eventually('online', () => admins.every((sink) => online(sink).at(-1) === true));
    gone();
    await eventually('offline', () => admins.every((sink) => online(sink).at(-1) === false));
    expect(admins.map(online)).toEqual([
      [false, true, false],
      [false, true, false],
    ]);
  });

  it('is known to an administrator who looks later, on any replica', async () => {
    await watching(one, client);
    await eventually('stored', async () => (await storedRows()) === 1);
    expect(online((await watching(one, alma)).sink)).toEqual([true]);
    expect(online((await watching(two, alma)).sink)).toEqual([true]);
  });

  it('overlooks a page that reloads', async () => {
    const { sink } = await watching(two, alma);
    const { gone } = await watching(one, client);
    await eventually('online', () => online(sink).at(-1) === true);
    gone();
    await watching(one, client);
    await graceIsOver(one);
    expect(online(sink)).toEqual([false, true]);
  });

  it('holds while another page or another replica still has the client', async () => {
    const { sink } = await watching(one, alma);
    const here = await watching(one, client);
    const again = await watching(one, client);
    const there = await watching(two, client);
    await eventually('online', () => online(sink).at(-1) === true);
    await eventually('stored', async () => (await storedRows()) === 3);
    here.gone();
    again.gone();
    await eventually('this replica has forgotten', async () => (await storedRows()) === 2);
    there.gone();
    await eventually('offline', () => online(sink).at(-1) === false);
    expect(online(sink)).toEqual([false, true, false]);
  });

  it('tells clients on both replicas whether support is there', async () => {
    const clients = [(await watching(one, client)).sink, (await watching(two, client)).sink];
    expect(clients.map(available)).toEqual([[false], [false]]);
    const first = await watching(one, alma);
    await one.hub.presence.declare(alma.id, null);
    await eventually('available', () => clients.every((sink) => available(sink).at(-1) === true));
    const second = await watching(two, ben);
    await one.hub.presence.declare(ben.id, 'available');
    first.gone();
    await graceIsOver(one);
    expect(clients.map(available)).toEqual([
      [false, true],
      [false, true],
    ]);
    second.gone();
    await eventually('away', () => clients.every((sink) => available(sink).at(-1) === false));
  });

  it('of a replica that died fades within two heartbeats of database time', async () => {
    const dead = new SqlPresence(two.presenceDatabase, replicas.clock, 'dead', 2 * HEARTBEAT_SECONDS);
    await dead.arrive([{ personId: client.id, role: 'client' }]);
    const { sink } = await watching(one, alma);
    const other = await one.desk.newClient();
    const { sink: own } = one.watch(other.client, { cursors: [cursor(other.id)] });
    await one.hub.presence.declare(alma.id, 'available');
    await eventually('support is there', () => available(own).at(-1) === true);
    expect(online(sink)).toEqual([true]);

    replicas.clock.advance((2 * HEARTBEAT_SECONDS - 1) * 1_000);
    await one.heartbeat.heal();
    expect(online(sink)).toEqual([true]);
    replicas.clock.advance(2_000);
    await one.hub.presence.declare(alma.id, null);
    await one.heartbeat.heal();
    await eventually('offline', () => online(sink).at(-1) === false);
    // What this replica holds itself was renewed.
    await graceIsOver(one);
    expect(available(own).at(-1)).toBe(true);
  });

  it('no longer counts an administrator whose page is frozen, though its stream goes on, and counts it again', async () => {
    const clients = [(await watching(one, client)).sink, (await watching(two, client)).sink];
    await watching(one, alma);
    await two.hub.presence.declare(alma.id, 'available');
    await eventually('available', () => clients.every((sink) => available(sink).at(-1) === true));
    replicas.clock.advance((2 * HEARTBEAT_SECONDS + 1) * 1_000);
    await Promise.all([one.heartbeat.heal(), two.heartbeat.heal()]);
    await eventually('away', () => clients.every((sink) => available(sink).at(-1) === false));
    await two.hub.presence.declare(alma.id, null);
    await eventually('available again', () => clients.every((sink) => available(sink).at(-1) === true));
  });

  it('of an administrator who goes away and comes back shows at once on both replicas', async () => {
    const clients = [(await watching(one, client)).sink, (await watching(two, client)).sink];
    await watching(one, alma);
    for (const availability of ['available', 'away', 'available'] as const) {
      await two.hub.presence.declare(alma.id, availability);
      await eventually(availability, () =>
        clients.every((sink) => available(sink).at(-1) === (availability === 'available')),
      );
    }
  });

  it('is right after a heartbeat when the hint of it was lost', async () => {
    const { sink } = await watching(two, alma);
    two.hints.mode = 'lost';
    await watching(one, client);
    await eventually('stored', async () => (await storedRows()) === 2);
    expect(online(sink)).toEqual([false]);
    await two.heartbeat.heal();
    await eventually('online', () => online(sink).at(-1) === true);
  });

  it('takes one statement for many arrivals, and one for as many departures', async () => {
    await watching(one, alma);
    await eventually('stored', async () => (await storedRows()) === 1);
    one.presenceDatabase.steps.length = 0;
    const watches = Array.from({ length: 200 }, (_, index) => one.watch({ ...client, id: `client-${index}` }));
    await eventually('stored', async () => (await storedRows()) === 201);
    expect(writes('INSERT')).toBe(1);
    for (const { gone } of watches) gone();
    await eventually('forgotten', async () => (await storedRows()) === 1);
    expect(writes('DELETE')).toBe(1);
    expect(writes('INSERT')).toBe(1);
  });

  it('remembers nobody whom no administrator names', async () => {
    const watches = Array.from({ length: 20 }, (_, index) => one.watch({ ...client, id: `client-${index}` }));
    await eventually('stored', async () => (await storedRows()) === 20);
    expect(one.hub.presence.isOnline('client-3')).toBe(false);
    for (const { gone } of watches) gone();
    await eventually('forgotten', async () => (await storedRows()) === 0);
  });

  it('forgets all that a replica held when it stops, and takes nothing after', async () => {
    await watching(one, client);
    await watching(two, alma);
    await eventually('stored', async () => (await storedRows()) === 2);
    one.watch({ ...client, id: 'at the last moment' });
    await one.hub.close();
    await one.hub.presence.close();
    expect(await storedRows()).toBe(1);
    await graceIsOver(two);
    expect(await storedRows()).toBe(1);
  });

  it('survives a database that is away: what was lost is written by the next heartbeat', async () => {
    const { sink } = await watching(two, alma);
    const failure = new Error('the database is away');
    one.presenceDatabase.on = () => {
      throw failure;
    };
    await watching(one, client);
    await eventually('in trouble', () => one.troubles.length > 0);
    one.presenceDatabase.on = () => undefined;
    await one.heartbeat.heal();
    await two.heartbeat.heal();
    await eventually('online', () => online(sink).at(-1) === true);
    expect(one.troubles.splice(0)).toEqual([failure]);
  });

  it('closes although the database is away: what is not forgotten fades by itself', async () => {
    await watching(one, client);
    await eventually('stored', async () => (await storedRows()) === 1);
    const failure = new Error('the database is away');
    one.presenceDatabase.on = () => {
      throw failure;
    };
    await one.hub.presence.close();
    expect(one.troubles.splice(0)).toEqual([failure]);
    one.presenceDatabase.on = () => undefined;
  });

  /** Somebody who left just now is forgotten: so is everybody who left before. */
  async function graceIsOver(replica: LiveReplica): Promise<void> {
    const passing = { ...client, id: 'passing' };
    const { gone } = replica.watch(passing);
    const isStored = async (): Promise<boolean> =>
      (await two.presenceDatabase.reader.query<unknown[]>("SELECT 1 FROM watch_presence WHERE person_id = 'passing'"))
        .length > 0;
    await eventually('stored', isStored);
    gone();
    await eventually('forgotten', async () => !(await isStored()));
  }

  async function storedRows(): Promise<number> {
    return (await two.presenceDatabase.reader.query<unknown[]>('SELECT person_id FROM watch_presence')).length;
  }

  function writes(verb: string): number {
    return one.presenceDatabase.steps.filter((step) => step.startsWith(verb)).length;
  }
});
