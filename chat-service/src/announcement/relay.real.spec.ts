import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { describe, expect, it } from '@jest/globals';
import { RabbitmqAnnouncementBus } from '../broker/rabbitmq/rabbitmq-announcement-bus.js';
import { RabbitmqConnection } from '../broker/rabbitmq/rabbitmq-connection.js';
import { eventually } from '../testing/eventually.js';
import { memoryLog } from '../testing/memory-log.js';
import { outboxOnMysql } from '../testing/outbox-under-test.js';
import { TcpProxy } from '../testing/tcp-proxy.js';
import { testServer } from '../testing/test-server.js';
import { outboxRowOf } from './outbox.contract.js';
import { AnnouncementRelay } from './relay.js';

const CONVERSATIONS = 40;
const EACH = 25;

describe('AnnouncementRelay from MySQL to RabbitMQ', () => {
  it('sends everything at least once and in order, though the broker goes away and replicas take over', async () => {
    const server = testServer('TEST_RABBITMQ_URL');
    const test = await outboxOnMysql();
    const proxy = await TcpProxy.before(server);
    const { log } = memoryLog();
    const mark = randomBytes(6).toString('hex');
    const names = { exchange: `energy.chat.test-${mark}`, newChatsQueue: `energy.chat.new-chats.test-${mark}` };
    const link = await connect(server);
    const consumer = await link.createChannel();
    await consumer.assertQueue(names.newChatsQueue, { durable: true, maxLength: 10_000, overflow: 'drop-head' });
    const seen: string[] = [];
    await consumer.consume(names.newChatsQueue, (message) => seen.push(String(message?.properties.messageId)), {
      noAck: true,
    });

    const startReplica = (name: string, outbox: (typeof test.replicas)[number]) => {
      const times = { firstDelayMs: 5, longestDelayMs: 20 };
      const connection = new RabbitmqConnection(proxy.url(server), log, times);
      const bus = new RabbitmqAnnouncementBus(connection, log, names);
      const relay = new AnnouncementRelay(outbox, bus, name, log, { renewMs: 20, pollMs: 10, firstPauseMs: 5 });
      relay.start();
      const stop = async () => {
        await relay.stop();
        await bus.close();
        await connection.close();
      };
      return { relay, stop };
    };
    const replicas = [startReplica('one', test.replicas[0]), startReplica('two', test.replicas[1])];

    const relaying = () => replicas.find(({ relay }) => relay.holdsLease);
    for (let seq = 1; seq <= EACH; seq++) {
      await test.write(Array.from({ length: CONVERSATIONS }, (_, index) => outboxRowOf(`c${index}`, seq)));
      if (seq % 5 === 0) proxy.cut();
      if (seq % 10 === 0) {
        const holder = await eventually('one holds the lease', relaying);
        await holder.stop();
        replicas.splice(replicas.indexOf(holder), 1, startReplica(`later-${seq}`, test.replicas[0]));
      }
    }
    await eventually('the outbox is empty', async () => (await test.replicas[0].size()) === 0, 20_000);
    await eventually('all have come', () => new Set(seen).size === CONVERSATIONS * EACH);

    const firstSeen = [...new Set(seen)];
    for (let index = 0; index < CONVERSATIONS; index++) {
      const seqs = firstSeen.filter((id) => id.startsWith(`c${index}/`)).map((id) => Number(id.split('/')[1]));
      expect(seqs).toEqual(Array.from({ length: EACH }, (_, at) => at + 1));
    }

    await Promise.all(replicas.map(({ stop }) => stop()));
    await consumer.deleteQueue(names.newChatsQueue);
    await consumer.deleteExchange(names.exchange);
    await link.close();
    await proxy.refuse();
    await test.close();
  });
});
