import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Person } from '../identity/caller.js';
import { eventually } from '../testing/eventually.js';
import { cursor, liveReplicas, type LiveReplica, type LiveReplicas } from '../testing/live-replicas.js';
import type { RecordingSink } from '../testing/recording-sink.js';
import { alma, ben } from '../testing/thread.js';

describe('typing', () => {
  let replicas: LiveReplicas;
  let one: LiveReplica;
  let two: LiveReplica;
  let client: Person;
  let id: string;

  beforeEach(async () => {
    replicas = await liveReplicas();
    ({ one, two } = replicas);
    ({ client, id } = await one.desk.newClient());
    await one.desk.send(client, id);
  });

  afterEach(async () => {
    await replicas.close();
    expect([...one.troubles, ...two.troubles]).toEqual([]);
  });

  const types = (replica: LiveReplica, person: Person, forMs = 5_000): void =>
    replica.hub.typing(
      id,
      { side: person.role === 'client' ? 'client' : 'support', personId: person.id, displayName: person.displayName },
      forMs,
    );

  async function caughtUp(...sinks: RecordingSink[]): Promise<void> {
    await eventually('caught up', () => sinks.every((sink) => sink.caughtUp));
  }

  it('reaches the other side on both replicas, and not oneself', async () => {
    const own = [one, two].map((replica) => replica.watch(client, { cursors: [cursor(id)] }).sink);
    const others = [one, two].map((replica) => replica.watch(alma, { cursors: [cursor(id)] }).sink);
    await caughtUp(...own, ...others);
    types(one, client);
    await eventually('others see it', () => others.every((sink) => sink.of('typing').length === 1));
    for (const sink of others) {
      const [typing] = sink.of('typing');
      expect(typing).toMatchObject({ conversationId: id, side: 'client', personId: client.id });
      expect(typing?.remainingMs).toBeGreaterThan(4_000);
      expect(typing?.remainingMs).toBeLessThanOrEqual(5_000);
    }
    types(two, alma);
    await eventually('the client sees it', () => own.every((sink) => sink.of('typing').length === 1));
    expect(own[0]?.of('typing')[0]).toMatchObject({ side: 'support', displayName: alma.displayName });
    expect(others.map((sink) => sink.of('typing').length)).toEqual([1, 1]);
  });

  it('that stops is told once', async () => {
    const sinks = [one, two].map((replica) => replica.watch(alma, { cursors: [cursor(id)] }).sink);
    await caughtUp(...sinks);
    types(one, client);
    await eventually('typing', () => sinks.every((sink) => sink.of('typing').length === 1));
    types(one, client, 0);
    types(one, client, 0);
    await one.desk.send(alma, id);
    await eventually('the next entry', () => sinks.every((sink) => sink.seqs().includes(4)));
    for (const sink of sinks)
      expect(sink.of('typing').map(({ remainingMs }) => remainingMs > 0)).toEqual([true, false]);
  });

  it('ends by the time it was told with, for a new watch without a word', async () => {
    types(one, client, 60);
    one.watch(ben, { cursors: [cursor(id)] });
    const { sink } = one.watch(alma, { cursors: [cursor(id)] });
    await caughtUp(sink);
    types(one, client, 60);
    await eventually('typing', () => sink.of('typing').length === 1);
    expect(sink.of('typing')[0]?.remainingMs).toBeLessThanOrEqual(60);
    await eventually('it is over', () => one.hub.lives.get(id)?.typingNow().length === 0);
    const { sink: later } = one.watch(ben, { cursors: [cursor(id)] });
    await caughtUp(later);
    expect(later.of('typing')).toEqual([]);
  });

  it('is shown as it stands to a new watch, with what remains of it', async () => {
    await caughtUp(one.watch(ben, { cursors: [cursor(id)] }).sink, two.watch(ben, { cursors: [cursor(id)] }).sink);
    types(one, client);
    const { sink } = one.watch(alma, { cursors: [cursor(id)] });
    await caughtUp(sink);
    await eventually('the other has heard', () => two.hub.lives.get(id)?.typingNow().length === 1);
    const { sink: there } = two.watch(alma, { cursors: [cursor(id)] });
    const { sink: own } = two.watch(client, { cursors: [cursor(id)] });
    await caughtUp(there, own);
    for (const typing of [sink, there].map((watched) => watched.of('typing'))) {
      expect(typing).toHaveLength(1);
      expect(typing[0]?.remainingMs).toBeLessThanOrEqual(5_000);
    }
    expect(sink.kinds().slice(-2)).toEqual(['typing', 'caught-up']);
    expect(own.of('typing')).toEqual([]);
  });

  it('ends with a message, on both replicas, whichever it was sent through', async () => {
    const sinks = [one, two].map((replica) => replica.watch(alma, { cursors: [cursor(id)] }).sink);
    await caughtUp(...sinks);
    types(one, client);
    await eventually('typing', () => sinks.every((sink) => sink.of('typing').length === 1));
    await two.desk.send(client, id);
    await eventually('it is over', () => sinks.every((sink) => sink.of('typing').at(-1)?.remainingMs === 0));
    expect(sinks.map((sink) => sink.of('typing').length)).toEqual([2, 2]);
  });

  it('does not end with the message of somebody else', async () => {
    const { sink } = one.watch(ben, { cursors: [cursor(id)] });
    await caughtUp(sink);
    types(one, client);
    await one.desk.send(alma, id);
    await eventually('the message', () => sink.seqs().includes(4));
    expect(sink.of('typing').map(({ remainingMs }) => remainingMs > 0)).toEqual([true]);
  });

  it('does not end when somebody reads what its author wrote before', async () => {
    for (let sent = 0; sent < 3; sent += 1) await one.desk.send(client, id);
    const { sink } = two.watch(ben, { cursors: [cursor(id, 5)] });
    await caughtUp(sink);
    types(two, client);
    await eventually('typing', () => sink.of('typing').length === 1);
    const { sink: reads } = two.watch(alma, { cursors: [cursor(id)] });
    await caughtUp(reads);
    expect(reads.seqs()).toHaveLength(5);
    expect(reads.of('typing')).toHaveLength(1);
    expect(sink.of('typing')).toHaveLength(1);
    expect(two.hub.lives.get(id)?.typingNow()).toHaveLength(1);
  });

  it('that was heard after a message does not end with it, though the message is read later', async () => {
    const { sink } = two.watch(alma, { cursors: [cursor(id)] });
    await caughtUp(sink);
    await one.desk.send(client, id);
    types(one, client);
    await eventually('the message', () => sink.rows().at(-1)?.lastSeq === 3);
    expect(sink.of('typing').map(({ remainingMs }) => remainingMs > 0)).toEqual([true]);
  });

  describe('in the inbox', () => {
    it('shows for waiting and own cases, of clients, on both replicas', async () => {
      const almas = [one, two].map((replica) => replica.watch(alma, { inbox: true }).sink);
      const bens = [one, two].map((replica) => replica.watch(ben, { inbox: true }).sink);
      await caughtUp(...almas, ...bens);
      types(one, client);
      await eventually('all see the waiting client', () =>
        [...almas, ...bens].every((sink) => sink.of('typing').length === 1),
      );
      await one.desk.claim(alma, await one.desk.conversation(id));
      await eventually('the claim', () =>
        [...almas, ...bens].every((sink) => sink.rows(id).at(-1)?.openCase?.assignee?.id === alma.id),
      );
      types(two, client);
      types(two, alma);
      await eventually('the assignee sees it', () => almas.every((sink) => sink.of('typing').length === 2));
      expect(bens.map((sink) => sink.of('typing').length)).toEqual([1, 1]);
      expect(almas.map((sink) => sink.of('typing').length)).toEqual([2, 2]);
    });

    it('ends with the client’s message, on both replicas', async () => {
      const sinks = [one, two].map((replica) => replica.watch(alma, { inbox: true }).sink);
      await caughtUp(...sinks);
      types(one, client);
      await eventually('typing', () => sinks.every((sink) => sink.of('typing').length === 1));
      await one.desk.send(client, id);
      await eventually('it is over', () => sinks.every((sink) => sink.of('typing').at(-1)?.remainingMs === 0));
    });

    it('comes once where the conversation is named as well', async () => {
      const { sink } = one.watch(alma, { cursors: [cursor(id)], inbox: true });
      const { sink: other } = one.watch(ben, { inbox: true });
      await caughtUp(sink, other);
      types(one, client);
      await eventually('typing', () => other.of('typing').length === 1 && sink.of('typing').length > 0);
      expect(sink.of('typing')).toHaveLength(1);
    });

    it('does not show where no case is open', async () => {
      await one.desk.close(alma, await one.desk.conversation(id));
      const { sink } = one.watch(alma, { inbox: true });
      await caughtUp(sink);
      types(one, client);
      types(two, client);
      await one.desk.send(client, id);
      await eventually('the next case', () => sink.rows(id).length > 0);
      expect(sink.of('typing')).toEqual([]);
    });
  });
});
