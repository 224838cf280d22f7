import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { Hints, type Hint } from '../../live/hints.port.js';
import { decodeHints, encodeHints } from '../hint-codec.js';
import type { KeptChannel } from './kept-channel.js';
import type { RabbitmqConnection } from './rabbitmq-connection.js';

/** The fanout exchange that every replica's queue hangs on. */
const HINTS_EXCHANGE = 'energy.chat.live';

/** Messages a replica's queue holds before the oldest go: a replica that cannot follow is healed by its heartbeat. */
const LONGEST_QUEUE = 10_000;
const LARGEST_BATCH = 256;

/**
 * Hints over RabbitMQ: transient messages through a fanout exchange to one exclusive, auto-delete queue per replica.
 *
 * Hints published in one turn of the event loop travel as one message. Nothing is kept for a broker that is away or
 * does not keep up: such hints are `lost`.
 */
export class RabbitmqHints extends Hints {
  /** Hints that found no broker or one that did not keep up, since the start. */
  lost = 0;
  /** Hints of others that could not be read, since the start. */
  malformed = 0;

  private readonly channel: KeptChannel<Channel>;
  private readonly exchange: string;
  private receive: ((hint: Hint) => void) | undefined;
  private gathered: Hint[] = [];
  /** The channel whose buffer is full, until it drains. */
  private congested: Channel | undefined;
  private closed = false;

  constructor(
    connection: RabbitmqConnection,
    private readonly replica: string,
    private readonly log: Logger,
    names: { exchange?: string } = {},
  ) {
    super();
    this.exchange = names.exchange ?? HINTS_EXCHANGE;
    this.channel = connection.keepChannel('hints', (channel) => this.prepare(channel));
  }

  override listen(receive: (hint: Hint) => void): void {
    this.receive = receive;
  }

  override publish(hint: Hint): void {
    if (this.closed) return;
    if (this.gathered.length === 0) setImmediate(() => this.send());
    this.gathered.push(hint);
  }

  override async close(): Promise<void> {
    this.send();
    this.closed = true;
    this.receive = undefined;
    this.channel.end();
    return Promise.resolve();
  }

  private async prepare(channel: Channel): Promise<void> {
    await channel.assertExchange(this.exchange, 'fanout', { durable: true });
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: LONGEST_QUEUE,
      overflow: 'drop-head',
    });
    await channel.bindQueue(queue, this.exchange, '');
    await channel.consume(queue, (message) => this.take(channel, message), { noAck: true, exclusive: true });
  }

  private send(): void {
    const hints = this.gathered;
    this.gathered = [];
    for (let start = 0; start < hints.length; start += LARGEST_BATCH) {
      this.sendBatch(hints.slice(start, start + LARGEST_BATCH));
    }
  }

  private sendBatch(hints: Hint[]): void {
    const channel = this.channel.current;
    if (channel === undefined || this.congested === channel) {
      this.lost += hints.length;
      return;
    }
    try {
      const room = channel.publish(this.exchange, '', encodeHints(hints), {
        deliveryMode: 1,
        contentType: 'application/json',
        headers: { replica: this.replica },
      });
      if (room) return;
      this.congested = channel;
      channel.once('drain', () => (this.congested = undefined));
    } catch {
      // The channel is closing: its successor carries the next ones.
      this.lost += hints.length;
    }
  }

  private take(channel: Channel, message: ConsumeMessage | null): void {
    if (message === null) {
      // Somebody deleted the queue: a new channel makes a new one.
      channel.close().catch(() => undefined);
      return;
    }
    if (message.properties.headers?.['replica'] === this.replica) return;
    const { hints, malformed } = decodeHints(message.content);
    this.malformed += malformed;
    for (const hint of hints) {
      try {
        this.receive?.(hint);
      } catch (error) {
        this.log.error({ err: error, hint: hint.kind }, 'a hint could not be handled');
      }
    }
  }
}
