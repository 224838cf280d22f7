import { randomBytes } from 'node:crypto';
import { connect, type ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { announcementBusContract, announcementOf } from '../../announcement/announcement-bus.contract.js';
import { cloudEventOf } from '../../announcement/cloud-event.js';
import { announcementContract } from '../../testing/announcement-contract.js';
import { eventually } from '../../testing/eventually.js';
import { memoryLog } from '../../testing/memory-log.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { testServer } from '../../testing/test-server.js';
import {
  ANNOUNCEMENT_BUS,
  RabbitmqAnnouncementBus,
  type AnnouncementBusSettings,
} from './rabbitmq-announcement-bus.js';
import { RabbitmqConnection } from './rabbitmq-connection.js';

const QUICK = { firstDelayMs: 10, longestDelayMs: 50, closeTimeoutMs: 500 };
const ASSIGNED = 'energy.chat.case.assigned.v1';
const OPENED = 'energy.chat.case.opened.v1';

/** Names and a connection of a test's own, behind a proxy, and a plain channel beside it: another service's. */
async function openBench() {
  const server = testServer('TEST_RABBITMQ_URL');
  const mark = randomBytes(6).toString('hex');
  const names = { exchange: `energy.chat.test-${mark}`, newChatsQueue: `energy.chat.new-chats.test-${mark}` };
  const log = memoryLog();
  const proxy = await TcpProxy.before(server);
  const link = await connect(server);
  const outside = await link.createChannel();
  const connection = new RabbitmqConnection(proxy.url(server), log.log, QUICK);
  const newBus = (settings: Partial<AnnouncementBusSettings> = {}) =>
    new RabbitmqAnnouncementBus(connection, log.log, { ...names, ...settings });
  const close = async (): Promise<void> => {
    await connection.close();
    await proxy.refuse();
    await outside.deleteQueue(names.newChatsQueue);
    await outside.deleteExchange(names.exchange);
    await link.close();
  };
  return { names, log, proxy, outside, connection, newBus, close };
}
type Bench = Awaited<ReturnType<typeof openBench>>;

/** Consumes `queue` as another service does. */
async function consume({ outside }: Bench, queue: string, take: (message: ConsumeMessage) => void): Promise<void> {
  await outside.consume(queue, (message) => message !== null && take(message), { noAck: true });
}

/** Until the bus takes something: before that it answers `failed`. */
const reached = (bus: RabbitmqAnnouncementBus) =>
  eventually('the bus is reached', async () => (await bus.publish([announcementOf(1, ASSIGNED)]))[0] !== 'failed');

describe('RabbitmqAnnouncementBus', () => {
  announcementBusContract(async () => {
    const bench = await openBench();
    const bus = bench.newBus();
    await reached(bus);
    const received: unknown[] = [];
    await consume(bench, bench.names.newChatsQueue, ({ content }) => received.push(JSON.parse(content.toString())));
    return {
      bus,
      received,
      close: async () => {
        await bus.close();
        await bench.close();
      },
    };
  });

  describe('beyond the contract', () => {
    let bench: Bench;

    beforeEach(async () => {
      bench = await openBench();
    });

    afterEach(() => bench.close());

    it('sends persistent, structured CloudEvents under their type as routing key, as the published contract says', async () => {
      const bus = bench.newBus();
      await reached(bus);
      const messages: ConsumeMessage[] = [];
      await consume(bench, bench.names.newChatsQueue, (message) => messages.push(message));
      expect(await bus.publish([announcementOf(7)])).toEqual(['delivered']);
      const { fields, properties, content } = await eventually('it has come', () => messages[0]);
      expect(fields).toMatchObject({ exchange: bench.names.exchange, routingKey: OPENED });
      expect(properties).toMatchObject({
        contentType: announcementContract.components.messages['caseOpened']?.contentType,
        deliveryMode: 2,
        messageId: 'conversation-1/7/case_opened',
        type: OPENED,
      });
      expect(JSON.parse(content.toString())).toEqual(cloudEventOf(announcementOf(7)));
    });

    it('declares exchange and queue as the published contract says', async () => {
      await reached(bench.newBus());
      const { exchange } = announcementContract.components.channelBindings.energyChat.amqp;
      const { newChats } = announcementContract.channels;
      expect(ANNOUNCEMENT_BUS).toMatchObject({ exchange: exchange['name'], newChatsQueue: newChats?.address });
      // RabbitMQ refuses a declaration that differs from what is there.
      await bench.outside.assertExchange(bench.names.exchange, String(exchange['type']), { durable: true });
      await bench.outside.assertQueue(bench.names.newChatsQueue, {
        durable: true,
        arguments: newChats?.['x-queue-arguments'],
      });
    });

    it('tells which announcements no queue takes, though RabbitMQ confirms them', async () => {
      const bus = bench.newBus();
      await reached(bus);
      const batch = [announcementOf(1), announcementOf(2, ASSIGNED), announcementOf(3), announcementOf(4, ASSIGNED)];
      expect(await bus.publish(batch)).toEqual(['delivered', 'unroutable', 'delivered', 'unroutable']);
      const { queue } = await bench.outside.assertQueue('', { exclusive: true });
      await bench.outside.bindQueue(queue, bench.names.exchange, 'energy.chat.case.*.v1');
      expect(await bus.publish(batch)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
    });

    it('tells which announcements a queue refuses', async () => {
      const bus = bench.newBus();
      await reached(bus);
      const { queue } = await bench.outside.assertQueue('', {
        exclusive: true,
        maxLength: 1,
        overflow: 'reject-publish',
      });
      await bench.outside.bindQueue(queue, bench.names.exchange, ASSIGNED);
      const outcomes = await eventually('the queue is full', async () => {
        const seen = await bus.publish([announcementOf(2), announcementOf(3, ASSIGNED), announcementOf(4)]);
        return seen[1] === 'failed' && seen;
      });
      expect(outcomes).toEqual(['delivered', 'failed', 'delivered']);
    });

    it('fails at once while the broker is away, at boot too, and delivers when it is there', async () => {
      await bench.proxy.refuse();
      await eventually('the broker is away', () => bench.connection.state === 'away');
      const bus = bench.newBus();
      expect(await bus.publish([announcementOf(1), announcementOf(2)])).toEqual(['failed', 'failed']);
      await bench.proxy.restore();
      await reached(bus);
      expect(await bus.publish([announcementOf(1), announcementOf(2)])).toEqual(['delivered', 'delivered']);
    });

    it('fails a batch whose connection is lost, and one whose confirms are overdue, and recovers from both', async () => {
      const bus = bench.newBus({ confirmTimeoutMs: 300 });
      await reached(bus);
      bench.proxy.pause();
      const cut = bus.publish([announcementOf(1)]);
      bench.proxy.cut();
      expect(await cut).toEqual(['failed']);
      bench.proxy.resume();
      await reached(bus);
      bench.proxy.pause();
      expect(await bus.publish([announcementOf(1), announcementOf(2)])).toEqual(['failed', 'failed']);
      bench.proxy.resume();
      await reached(bus);
      expect(await bus.publish([announcementOf(1)])).toEqual(['delivered']);
    });

    it('uses a queue of new chats that was declared otherwise as it is, and logs its name and the cure', async () => {
      const { newChatsQueue } = bench.names;
      await bench.outside.assertQueue(newChatsQueue, { durable: true, maxLength: 5 });
      const bus = bench.newBus();
      await reached(bus);
      expect(await bus.publish([announcementOf(1)])).toEqual(['delivered']);
      const told = bench.log.lines.filter((line) => line.includes('"level":50'));
      expect(told).toHaveLength(1);
      expect(told[0]).toContain(newChatsQueue);
      expect(told[0]).toContain('Cure: it exists with other arguments: delete it');
    });

    it('makes the queue of new chats again when somebody has deleted it', async () => {
      const bus = bench.newBus();
      await reached(bus);
      await bench.outside.deleteQueue(bench.names.newChatsQueue);
      expect(await bus.publish([announcementOf(1)])).toEqual(['unroutable']);
      await eventually('it is there again', async () => (await bus.publish([announcementOf(1)]))[0] === 'delivered');
    });

    it('goes on, and says so, when somebody has declared the exchange otherwise', async () => {
      await bench.outside.assertExchange(bench.names.exchange, 'direct', { durable: false });
      const bus = bench.newBus();
      await reached(bus);
      expect(await bus.publish([announcementOf(1)])).toEqual(['delivered']);
      expect(bench.log.lines.some((line) => line.includes(`refuses to declare exchange ${bench.names.exchange}`))).toBe(
        true,
      );
    });
  });
});
