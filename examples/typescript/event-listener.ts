import { connect } from 'amqplib';
import { readCloudEvent, type CloudEvent } from './cloud-event.ts';

/** How many events are remembered, to pass over those that come again. */
const REMEMBERED = 10_000;

/**
 * Hands over what the chat announces, one event at a time, until the program ends. The queue is the program's own: it
 * keeps events while the program is away, and no other program takes them from it. An event is acknowledged once
 * `handle` is done with it; what it throws ends the program, and the event comes again.
 *
 * A lost connection ends the program too: whatever runs it starts it again.
 * @param types routing keys, `*` and `#` as in RabbitMQ's topic exchanges
 */
export async function listen(
  url: string,
  queue: string,
  types: readonly string[],
  handle: (event: CloudEvent) => Promise<void> | void,
): Promise<void> {
  const connection = await connect(url);
  connection.on('error', (error: Error) => end(error.message));
  connection.on('close', () => end('The connection to the broker was lost.'));
  const channel = await connection.createChannel();
  channel.on('error', (error: Error) => end(error.message));
  await channel.assertQueue(queue, {
    durable: true,
    // A service that is away for long must not fill the broker: the oldest go.
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': 100_000 },
  });
  // The exchange is the chat's to declare.
  for (const type of types) await channel.bindQueue(queue, 'energy.chat', type);
  await channel.prefetch(1);

  const seen = new Set<string>();
  await channel.consume(queue, (message) => {
    if (message === null) return end(`The queue ${queue} was deleted.`);
    const event = readCloudEvent(message.content);
    if (event === undefined) {
      // It would come again and again.
      console.error(`dropped what is no event: ${message.fields.routingKey}`);
      return channel.nack(message, false, false);
    }
    const take = async (): Promise<void> => {
      // Events come at least once.
      if (!seen.has(event.id)) await handle(event);
      seen.add(event.id);
      if (seen.size > REMEMBERED) seen.delete(seen.values().next().value ?? '');
      channel.ack(message);
    };
    take().catch((error: unknown) => end(String(error)));
  });
  console.log(`listening on ${queue}`);
}

function end(reason: string): never {
  console.error(reason);
  process.exit(1);
}
