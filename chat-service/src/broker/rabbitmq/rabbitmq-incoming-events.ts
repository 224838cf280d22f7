import { setTimeout as wait } from 'node:timers/promises';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import {
  IncomingEvents,
  type DeadLetter,
  type IncomingEvent,
  type Verdict,
} from '../../system-message/incoming-events.port.js';
import { newId } from '../../conversation/new-id.js';
import { declare } from './declare.js';
import { letterHeaders } from './letter-headers.js';
import type { KeptChannel } from './kept-channel.js';
import type { RabbitmqConnection } from './rabbitmq-connection.js';

export interface IncomingEventsSettings {
  /** Durable, topic: programs publish here. */
  readonly exchange: string;
  readonly routingKey: string;
  /** A quorum queue. */
  readonly queue: string;
  /** Durable, fanout: where dead letters go, and a quorum queue that keeps them. */
  readonly deadLetterExchange: string;
  readonly deadLetterQueue: string;
  /** Events in hand at a time. */
  readonly prefetch: number;
  /** After so many lost deliveries RabbitMQ itself makes an event a dead letter: it ends whoever takes it. */
  readonly deliveryLimit: number;
  /** How long a dead letter waits for its confirm, in milliseconds. */
  readonly confirmTimeoutMs: number;
  /** The first pause before an event is handled again, in milliseconds; it doubles up to 30 s. */
  readonly firstPauseMs: number;
}

export const INCOMING_EVENTS: IncomingEventsSettings = {
  exchange: 'energy.chat.in',
  routingKey: 'system-message',
  queue: 'energy.chat.system-messages',
  deadLetterExchange: 'energy.chat.dead-letters',
  deadLetterQueue: 'energy.chat.dead-letters',
  prefetch: 256,
  deliveryLimit: 100,
  confirmTimeoutMs: 10_000,
  firstPauseMs: 1_000,
};

interface Life {
  readonly channel: Channel;
  open: boolean;
  tag?: string;
}

/** A queue that redelivers for as long as somebody looks through it. */
const NEVER = 1_000_000;
const LONGEST_PAUSE = 30_000;

/**
 * System messages by RabbitMQ. An event is acknowledged once it is done with, or once its dead letter is confirmed; one
 * that cannot be handled for now stays unacknowledged, so that a channel or a replica that is lost gives it back.
 */
export class RabbitmqIncomingEvents extends IncomingEvents {
  buried = 0;
  private readonly settings: IncomingEventsSettings;
  private readonly channel: KeptChannel<Channel>;
  private readonly letters: KeptChannel<ConfirmChannel>;
  private handle: ((event: IncomingEvent) => Promise<Verdict>) | undefined;
  private readonly inHand = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  /** The channel that consumes or is about to, while it is open. */
  private life: Life | undefined;
  private inTrouble = false;
  /** Dead letters that no queue took; their confirms follow. */
  private readonly returned = new Set<unknown>();

  constructor(
    connection: RabbitmqConnection,
    private readonly log: Logger,
    settings: Partial<IncomingEventsSettings> = {},
  ) {
    super();
    this.settings = { ...INCOMING_EVENTS, ...settings };
    this.letters = connection.keepConfirmChannel('dead letters', (channel, link) => this.declareLetters(channel, link));
    this.channel = connection.keepChannel('system messages', (channel, link) => this.prepare(channel, link));
  }

  override listen(handle: (event: IncomingEvent) => Promise<Verdict>): void {
    this.handle = handle;
    const { life } = this;
    if (life !== undefined) this.consume(life).catch(() => life.channel.close().catch(() => undefined));
  }

  override async bury({ contentType, headers, body, reason, text }: DeadLetter): Promise<void> {
    const channel = this.letters.current;
    if (channel === undefined) throw new Error('RabbitMQ is away');
    const messageId = newId();
    const confirmed = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.letters.renew('confirms are overdue');
      confirmed.reject(new Error('RabbitMQ did not confirm a dead letter in time'));
    }, this.settings.confirmTimeoutMs);
    try {
      channel.publish(
        this.settings.deadLetterExchange,
        this.settings.routingKey,
        body,
        {
          persistent: true,
          mandatory: true,
          messageId,
          contentType,
          timestamp: Math.floor(Date.now() / 1_000),
          headers: letterHeaders(headers, reason, text),
        },
        (error: unknown) => {
          if (error) confirmed.reject(toError(error));
          else if (this.returned.delete(messageId)) confirmed.reject(this.nobodyKeepsLetters());
          else confirmed.resolve();
        },
      );
      await confirmed.promise;
      this.buried += 1;
    } finally {
      clearTimeout(timer);
    }
  }

  override async close(): Promise<void> {
    this.closing.abort();
    const { life } = this;
    if (life?.open === true && life.tag !== undefined) await life.channel.cancel(life.tag).catch(() => undefined);
    await Promise.all(this.inHand);
    this.channel.end();
    this.letters.end();
  }

  /** Somebody deleted the queue or its binding: a fresh channel declares them anew. */
  private nobodyKeepsLetters(): Error {
    this.letters.renew('no queue takes dead letters');
    return new Error('No queue takes dead letters');
  }

  private async declareLetters(channel: Channel, link: ChannelModel): Promise<void> {
    const { deadLetterExchange: exchange, deadLetterQueue: queue } = this.settings;
    await declare(link, this.log, `exchange ${exchange}`, (own) =>
      own.assertExchange(exchange, 'fanout', { durable: true }),
    );
    await declare(link, this.log, `queue ${queue}`, (own) =>
      own.assertQueue(queue, {
        durable: true,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': NEVER },
      }),
    );
    await declare(link, this.log, `the binding of queue ${queue}`, (own) => own.bindQueue(queue, exchange, ''));
    channel.on('return', ({ properties }) => this.returned.add(properties.messageId));
  }

  /** What exists with other arguments is used as it is: an operator may have reasons for their own. */
  private async prepare(channel: Channel, link: ChannelModel): Promise<void> {
    const { exchange, queue, routingKey, deadLetterExchange, deliveryLimit, prefetch } = this.settings;
    await declare(link, this.log, `exchange ${exchange}`, (own) =>
      own.assertExchange(exchange, 'topic', { durable: true }),
    );
    await declare(link, this.log, `queue ${queue}`, (own) =>
      own.assertQueue(queue, {
        durable: true,
        deadLetterExchange,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': deliveryLimit },
      }),
    );
    await declare(link, this.log, `the binding of queue ${queue}`, (own) => own.bindQueue(queue, exchange, routingKey));
    await channel.prefetch(prefetch);
    const life: Life = { channel, open: true };
    channel.once('close', () => (life.open = false));
    this.life = life;
    await this.consume(life);
  }

  private async consume(life: Life): Promise<void> {
    if (this.handle === undefined || this.closing.signal.aborted) return;
    const { consumerTag } = await life.channel.consume(this.settings.queue, (message) => this.take(life, message));
    life.tag = consumerTag;
  }

  private take(life: Life, message: ConsumeMessage | null): void {
    if (message === null) {
      // Somebody deleted the queue, or its node is gone: a new channel makes a new consumer.
      life.channel.close().catch(() => undefined);
      return;
    }
    const work = this.work(life, message).finally(() => this.inHand.delete(work));
    this.inHand.add(work);
  }

  private async work(life: Life, message: ConsumeMessage): Promise<void> {
    const { content: body, properties, fields } = message;
    const event: IncomingEvent = {
      contentType: String(properties.contentType ?? ''),
      headers: properties.headers ?? {},
      body,
      redelivered: fields.redelivered,
    };
    const { signal } = this.closing;
    for (
      let pause = this.settings.firstPauseMs;
      life.open && !signal.aborted;
      pause = Math.min(2 * pause, LONGEST_PAUSE)
    ) {
      try {
        const verdict = (await this.handle?.(event)) ?? 'done';
        if (!life.open) return;
        if (verdict !== 'done') await this.bury(verdict);
        if (life.open) life.channel.ack(message);
        this.inTrouble = false;
        return;
      } catch (error) {
        if (!this.inTrouble) this.log.warn({ err: error }, 'system messages wait; they are tried again');
        this.inTrouble = true;
        await wait(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
