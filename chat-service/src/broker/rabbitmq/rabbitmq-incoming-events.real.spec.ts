import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { incomingEventsContract } from '../../system-message/incoming-events.contract.js';
import type { DeadLetter } from '../../system-message/incoming-events.port.js';
import { eventually } from '../../testing/eventually.js';
import { memoryLog } from '../../testing/memory-log.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { testServer } from '../../testing/test-server.js';
import { RabbitmqConnection } from './rabbitmq-connection.js';
import { RabbitmqIncomingEvents, type IncomingEventsSettings } from './rabbitmq-incoming-events.js';

const QUICK = { firstDelayMs: 10, longestDelayMs: 50, closeTimeoutMs: 500 };

/** Names and a connection of a test's own, behind a proxy, and a plain channel beside it: a program's. */
async function openBench() {
  const server = testServer('TEST_RABBITMQ_URL');
  const mark = randomBytes(6).toString('hex');
  const names = {
    exchange: `energy.chat.in.test-${mark}`,
    queue: `energy.chat.system-messages.test-${mark}`,
    deadLetterExchange: `energy.chat.dead-letters.test-${mark}`,
    deadLetterQueue: `energy.chat.dead-letters.test-${mark}`,
  };
  const log = memoryLog();
  const proxy = await TcpProxy.before(server);
  const link = await connect(server);
  const outside = await link.createChannel();
  outside.on('error', () => undefined);
  const connections: RabbitmqConnection[] = [];
  /** As another replica has them, through the same proxy. */
  const newEvents = (settings: Partial<IncomingEventsSettings> = {}) => {
    const connection = new RabbitmqConnection(proxy.url(server), log.log, QUICK);
    connections.push(connection);
    return new RabbitmqIncomingEvents(connection, log.log, { ...names, firstPauseMs: 2, ...settings });
  };
  const queueReady = () =>
    eventually('the queue is bound', async () => {
      const probe = await link.createChannel();
      probe.on('error', () => undefined);
      try {
        await probe.checkQueue(names.queue);
        await probe.checkQueue(names.deadLetterQueue);
        await probe.bindQueue(names.queue, names.exchange, 'system-message');
        await probe.bindQueue(names.deadLetterQueue, names.deadLetterExchange, '');
        await probe.close();
        return true;
      } catch {
        return false;
      }
    });
  const put = (body: string, headers: Record<string, unknown> = {}): void =>
    void outside.publish(names.exchange, 'system-message', Buffer.from(body), { headers, persistent: true });
  const kept: DeadLetter[] = [];
  const letters = async (): Promise<DeadLetter[]> => {
    for (;;) {
      const message = await outside.get(names.deadLetterQueue, { noAck: true });
      if (message === false) return kept;
      const sent: Record<string, unknown> = message.properties.headers ?? {};
      const { 'chat-reason': reason, 'chat-text': text, ...headers } = sent;
      const contentType: unknown = message.properties.contentType;
      kept.push({
        contentType: String(contentType),
        headers,
        body: message.content,
        reason: String(reason),
        text: String(text),
      });
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all(connections.map((connection) => connection.close()));
    await proxy.refuse();
    for (const queue of [names.queue, names.deadLetterQueue]) await outside.deleteQueue(queue);
    for (const exchange of [names.exchange, names.deadLetterExchange]) await outside.deleteExchange(exchange);
    await link.close();
  };
  return { names, log, proxy, link, outside, connections, newEvents, queueReady, put, letters, close };
}
type Bench = Awaited<ReturnType<typeof openBench>>;

describe('RabbitmqIncomingEvents', () => {
  incomingEventsContract(async () => {
    const bench = await openBench();
    const events = bench.newEvents();
    await bench.queueReady();
    return {
      events,
      put: bench.put,
      letters: bench.letters,
      close: async () => {
        await events.close();
        await bench.close();
      },
    };
  });

  describe('in trouble', () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench();
    });
    afterEach(() => bench.close());

    /** What /readyz shows. */
    const isListening = (): boolean =>
      bench.connections.every(({ uses }) =>
        uses.some(({ purpose, isOpen }) => purpose === 'system messages' && isOpen),
      );

    /** Listens and keeps what it was given. */
    const listening = async (settings: Partial<IncomingEventsSettings> = {}) => {
      const events = bench.newEvents(settings);
      const heard: string[] = [];
      events.listen((event) => {
        heard.push(event.body.toString());
        return Promise.resolve('done');
      });
      await eventually('it listens', isListening);
      return { events, heard };
    };

    it('gives what is in hand to the next when its connection is cut', async () => {
      const events = bench.newEvents();
      await bench.queueReady();
      const heard: { text: string; redelivered: boolean }[] = [];
      const first = Promise.withResolvers<void>();
      events.listen(async ({ body, redelivered }) => {
        heard.push({ text: body.toString(), redelivered });
        if (heard.length === 1) await first.promise;
        return 'done';
      });
      bench.put('one');
      await eventually('it is in hand', () => heard.length === 1);
      bench.proxy.cut();
      first.resolve();
      await eventually('it comes again', () => heard.length === 2);
      expect(heard).toEqual([
        { text: 'one', redelivered: false },
        { text: 'one', redelivered: true },
      ]);
      await events.close();
    });

    it('does not listen while its queue is gone, and makes it anew', async () => {
      const { events, heard } = await listening();
      await bench.queueReady();
      await bench.outside.deleteQueue(bench.names.queue);
      await eventually('the queue is there again', async () => {
        await bench.queueReady();
        return isListening();
      });
      bench.put('after');
      await eventually('it listens again', () => heard.includes('after'));
      await events.close();
    });

    it('uses a queue that was declared otherwise, and says what to do', async () => {
      await bench.outside.assertQueue(bench.names.queue, { durable: false });
      const { events, heard } = await listening();
      await eventually('it says so', () => bench.log.lines.some((line) => line.includes('PRECONDITION_FAILED')));
      expect(bench.log.lines.join('')).toContain('it exists with other arguments: delete it');
      await bench.queueReady();
      bench.put('one');
      await eventually('it comes', () => heard.length === 1);
      await events.close();
    });

    it('keeps a dead letter however large its headers and its text are, and holds up nobody', async () => {
      const events = bench.newEvents();
      await bench.queueReady();
      const large = 'x'.repeat(100_000);
      // As large as they can be sent from here.
      const headers = { 'cloudEvents:id': 'event-1', 'cloudEvents:note': 'x'.repeat(65_000), other: 'x' };
      const done: string[] = [];
      events.listen(({ contentType, headers: given, body }) => {
        done.push(body.toString());
        const bad = { contentType, headers: given, body, reason: 'UNREADABLE', text: `${large}\ud83d` };
        return Promise.resolve(body.toString() === 'good' ? 'done' : bad);
      });
      bench.put('large text');
      bench.put('large headers', headers);
      bench.put('good');
      await eventually('both bad ones are kept', async () => (await bench.letters()).length === 2);
      const letters = await bench.letters();
      expect(letters.map(({ text }) => text)).toEqual(['x'.repeat(1_000), 'x'.repeat(1_000)]);
      const kept = letters.find(({ body }) => body.toString() === 'large headers')?.headers;
      expect(kept).toMatchObject({ 'cloudEvents:id': 'event-1', 'chat-headers-dropped': true });
      expect(Object.keys(kept ?? {})).not.toContain('cloudEvents:note');
      expect(done).toContain('good');
      await events.close();
    });

    it('loses no dead letter when the queue of dead letters is gone: it is made anew', async () => {
      const events = bench.newEvents();
      await bench.queueReady();
      await bench.outside.deleteQueue(bench.names.deadLetterQueue);
      events.listen(({ contentType, headers, body }) =>
        Promise.resolve({ contentType, headers, body, reason: 'UNREADABLE', text: 'x' }),
      );
      bench.put('bad');
      await bench.queueReady();
      const letter = await eventually('it is kept', async () => (await bench.letters())[0]);
      expect(letter).toMatchObject({ reason: 'UNREADABLE', body: Buffer.from('bad') });
      await events.close();
    });

    it('leaves an event that ends whoever takes it to the dead letters, by the broker', async () => {
      const events = bench.newEvents({ deliveryLimit: 2 });
      await bench.queueReady();
      let taken = 0;
      events.listen(() => {
        taken += 1;
        bench.proxy.cut();
        return Promise.resolve('done');
      });
      bench.put('poison');
      const letter = await eventually('it is a dead letter', async () => (await bench.letters())[0], 20_000);
      expect(letter.body.toString()).toBe('poison');
      expect(letter.headers['x-first-death-reason']).toBe('delivery_limit');
      expect(taken).toBe(3);
    });
  });
});
