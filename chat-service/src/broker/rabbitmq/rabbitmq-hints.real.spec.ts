import { randomBytes } from 'node:crypto';
import { connect, type Channel } from 'amqplib';
import { describe, expect, it } from '@jest/globals';
import { hintsContract } from '../../live/hints.contract.js';
import type { Hint } from '../../live/hints.port.js';
import { eventually } from '../../testing/eventually.js';
import { memoryLog } from '../../testing/memory-log.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { testServer } from '../../testing/test-server.js';
import { RabbitmqConnection } from './rabbitmq-connection.js';
import { RabbitmqHints } from './rabbitmq-hints.js';

const QUICK = { firstDelayMs: 10, longestDelayMs: 50, closeTimeoutMs: 500 };
const changed = (seq: number): Hint => ({ kind: 'changed', conversationId: 'conversation-1', version: seq, seq });

describe('RabbitmqHints', () => {
  const server = testServer('TEST_RABBITMQ_URL');
  const ownExchange = () => `energy.chat.live.test-${randomBytes(6).toString('hex')}`;

  /** Runs `work` on a plain channel, as another service would. */
  async function outside<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const link = await connect(server);
    try {
      return await work(await link.createChannel());
    } finally {
      await link.close();
    }
  }

  function replicaOf(url: string, name: string, exchange: string) {
    const log = memoryLog();
    const connection = new RabbitmqConnection(url, log.log, QUICK);
    const hints = new RabbitmqHints(connection, name, log.log, { exchange });
    const heard: Hint[] = [];
    hints.listen((hint) => heard.push(hint));
    const close = async () => {
      await hints.close();
      await connection.close();
    };
    return { connection, hints, heard, log, close };
  }

  hintsContract(() => {
    const exchange = ownExchange();
    const { log } = memoryLog();
    const replicaNamed = (name: string) => {
      const connection = new RabbitmqConnection(server, log, QUICK);
      return { connection, hints: new RabbitmqHints(connection, name, log, { exchange }) };
    };
    const [one, two, three] = [replicaNamed('one'), replicaNamed('two'), replicaNamed('three')] as const;
    return Promise.resolve({
      replicas: [one.hints, two.hints, three.hints] as const,
      close: async () => {
        await Promise.all([one, two, three].map(({ hints }) => hints.close()));
        await Promise.all([one, two, three].map(({ connection }) => connection.close()));
        await outside((channel) => channel.deleteExchange(exchange));
      },
    });
  });

  it('begins when the broker is there, though it was away at boot, and goes on after it was away', async () => {
    const exchange = ownExchange();
    const proxy = await TcpProxy.before(server);
    await proxy.refuse();
    const near = replicaOf(proxy.url(server), 'near', exchange);
    const far = replicaOf(server, 'far', exchange);
    near.hints.publish(changed(1));
    await eventually('the hint is given up', () => near.hints.lost === 1);

    for (const time of [1, 2]) {
      await proxy.restore();
      const before = far.heard.length;
      await eventually(`hints go out (${time})`, () => {
        near.hints.publish(changed(10));
        return far.heard.length > before;
      });
      await eventually(`hints come in (${time})`, () => {
        far.hints.publish(changed(20));
        return near.heard.length > 0;
      });
      await proxy.refuse();
      await eventually(`the broker is away (${time})`, () => near.connection.state === 'away');
      near.heard.splice(0);
    }
    await near.close();
    await far.close();
    await proxy.refuse();
    await outside((channel) => channel.deleteExchange(exchange));
  });

  it('loses hints rather than keep them for a broker that hangs, and goes on when it is back', async () => {
    const exchange = ownExchange();
    const proxy = await TcpProxy.before(server);
    const near = replicaOf(proxy.url(server), 'near', exchange);
    const far = replicaOf(server, 'far', exchange);
    await eventually('hints go out', () => {
      near.hints.publish(changed(1));
      return far.heard.length > 0;
    });
    const lostBefore = near.hints.lost;
    proxy.pause();
    await eventually('hints are lost', () => {
      for (let seq = 0; seq < 20_000; seq++) near.hints.publish(changed(seq));
      return near.hints.lost > lostBefore;
    });
    expect(near.connection.state).toBe('connected');
    proxy.resume();
    await eventually('hints go out again', () => {
      near.hints.publish(changed(1_000_000));
      return far.heard.some((hint) => hint.kind === 'changed' && hint.seq === 1_000_000);
    });
    await near.close();
    await far.close();
    await proxy.refuse();
    await outside((channel) => channel.deleteExchange(exchange));
  });

  it('drops and counts what it cannot read, and hears what follows', async () => {
    const exchange = ownExchange();
    const replica = replicaOf(server, 'replica', exchange);
    const say = (content: string) =>
      outside(async (channel) => {
        await channel.assertExchange(exchange, 'fanout', { durable: true });
        channel.publish(exchange, '', Buffer.from(content));
        // Answered after the message is routed.
        await channel.checkExchange(exchange);
      });
    await eventually('the queue is bound', async () => {
      await say(JSON.stringify([changed(1)]));
      return replica.heard.length > 0;
    });
    await say('no JSON at all');
    await say(JSON.stringify([{ kind: 'changed', conversationId: '', version: 1, seq: 1 }, changed(2)]));
    await eventually('the good one is heard', () =>
      replica.heard.some((hint) => hint.kind === 'changed' && hint.seq === 2),
    );
    expect(replica.hints.malformed).toBe(2);
    await replica.close();
    await outside((channel) => channel.deleteExchange(exchange));
  });

  it('sends transient messages, and leaves no queue behind', async () => {
    const exchange = ownExchange();
    const replica = replicaOf(server, 'replica', exchange);
    const link = await connect(server);
    const channel = await link.createChannel();
    await channel.assertExchange(exchange, 'fanout', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '');
    const modes: unknown[] = [];
    await channel.consume(queue, (message) => modes.push(message?.properties.deliveryMode), { noAck: true });
    await eventually('a hint has come', () => {
      replica.hints.publish(changed(1));
      return modes.length > 0;
    });
    expect(modes[0]).toBe(1);
    await replica.close();
    await channel.deleteQueue(queue);
    // Refused as long as any queue is bound.
    await channel.deleteExchange(exchange, { ifUnused: true });
    await link.close();
  });

  it('names the exchange that somebody declared otherwise, and works as soon as that is gone', async () => {
    const exchange = ownExchange();
    await outside((channel) => channel.assertExchange(exchange, 'direct', { durable: false }));
    const one = replicaOf(server, 'one', exchange);
    const two = replicaOf(server, 'two', exchange);
    const told = () => one.log.lines.some((line) => line.includes(exchange) && line.includes('Cure'));
    await eventually('the log says so', told);
    await outside((channel) => channel.deleteExchange(exchange));
    await eventually('hints go through', () => {
      one.hints.publish(changed(1));
      return two.heard.length > 0;
    });
    await one.close();
    await two.close();
    await outside((channel) => channel.deleteExchange(exchange));
  });
});
