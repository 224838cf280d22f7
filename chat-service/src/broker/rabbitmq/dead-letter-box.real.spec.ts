import { randomBytes } from 'node:crypto';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { memoryLog } from '../../testing/memory-log.js';
import { testServer } from '../../testing/test-server.js';
import { DeadLetterBox } from './dead-letter-box.js';
import { RabbitmqConnection } from './rabbitmq-connection.js';
import { INCOMING_EVENTS, RabbitmqIncomingEvents } from './rabbitmq-incoming-events.js';

describe('DeadLetterBox', () => {
  const server = () => testServer('TEST_RABBITMQ_URL');
  let names: typeof INCOMING_EVENTS;
  let connection: RabbitmqConnection;
  let events: RabbitmqIncomingEvents;
  let link: ChannelModel;
  let outside: Channel;
  let box: DeadLetterBox;

  beforeEach(async () => {
    const mark = randomBytes(6).toString('hex');
    names = {
      ...INCOMING_EVENTS,
      exchange: `energy.chat.in.test-${mark}`,
      queue: `energy.chat.system-messages.test-${mark}`,
      deadLetterExchange: `energy.chat.dead-letters.test-${mark}`,
      deadLetterQueue: `energy.chat.dead-letters.test-${mark}`,
    };
    connection = new RabbitmqConnection(server(), memoryLog().log);
    events = new RabbitmqIncomingEvents(connection, memoryLog().log, names);
    link = await connect(server());
    outside = await link.createChannel();
    box = await DeadLetterBox.open(server(), names);
    for (const name of ['one', 'two', 'three']) {
      const letter = { contentType: 'text/plain', headers: { mark: name }, body: Buffer.from(name) };
      const bury = () => events.bury({ ...letter, reason: 'UNREADABLE', text: `${name} is bad` });
      await eventually('it is kept', () =>
        bury().then(
          () => true,
          () => false,
        ),
      );
    }
    await eventually('all are there', async () => (await box.list()).length === 3);
  });
  afterEach(async () => {
    await box.close();
    await events.close();
    await connection.close();
    for (const queue of [names.queue, names.deadLetterQueue]) await outside.deleteQueue(queue);
    for (const exchange of [names.exchange, names.deadLetterExchange]) await outside.deleteExchange(exchange);
    await link.close();
  });

  const bodies = async () => (await box.list()).map(({ body }) => body.toString());

  it('shows what lies there, oldest first, with its reason, and leaves it there', async () => {
    const letters = await box.list();
    expect(letters).toMatchObject([
      { reason: 'UNREADABLE', text: 'one is bad', contentType: 'text/plain', headers: { mark: 'one' } },
      { text: 'two is bad' },
      { text: 'three is bad' },
    ]);
    expect(Date.parse(letters[0]?.time ?? '')).toBeGreaterThan(0);
    expect(await box.list()).toEqual(letters.map((letter) => ({ ...letter, headers: expect.anything() })));
  });

  it('sends one again as it came, and keeps the others in order', async () => {
    const [, two] = await box.list();
    expect(await box.replay(({ id }) => id === two?.id)).toMatchObject([{ id: two?.id }]);
    expect(await bodies()).toEqual(['one', 'three']);
    const message = await eventually('it is in the queue', () => outside.get(names.queue, { noAck: true }));
    expect(message.content.toString()).toBe('two');
    expect(message.properties.headers).toMatchObject({ mark: 'two' });
    expect(message.properties.headers).not.toHaveProperty('chat-reason');
  });

  it('keeps a letter that nothing takes', async () => {
    await outside.unbindQueue(names.queue, names.exchange, names.routingKey);
    await expect(box.replay(() => true)).rejects.toThrow(/start the chat first/);
    const again = await DeadLetterBox.open(server(), names);
    await eventually('all are there again', async () => (await again.list()).length === 3);
    await again.close();
  });

  it('drops what is meant', async () => {
    const [one] = await box.list();
    await box.drop(({ id }) => id === one?.id);
    expect(await bodies()).toEqual(['two', 'three']);
    await box.drop(() => true);
    expect(await bodies()).toEqual([]);
  });
});
