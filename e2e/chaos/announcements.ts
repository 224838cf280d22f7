import { setTimeout as pause } from 'node:timers/promises';
import { type ChannelModel, connect, type ConsumeMessage } from 'amqplib';
import type { Recorder } from './recorder.js';

const EXCHANGE = 'energy.chat';
const QUEUE = 'chaos.announcements';

/**
 * An internal service that hears every announcement, and comes back whenever the broker does. Its queue is there before
 * the replicas are, so it must get all of them.
 */
export class Announcements {
  readonly ids = new Set<string>();
  private connection: ChannelModel | undefined;
  private isClosed = false;
  private listening: Promise<void> | undefined;

  constructor(
    /** Of the broker's nodes: whenever one is away, the next. */
    private readonly brokerUrls: readonly string[],
    private readonly recorder: Recorder,
  ) {}

  /** Answers when the queue is bound. */
  async listen(): Promise<void> {
    const { promise: bound, resolve } = Promise.withResolvers<void>();
    this.listening = this.comeBack(resolve);
    await bound;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.connection?.close().catch(() => undefined);
    await this.listening;
  }

  private async comeBack(bound: () => void): Promise<void> {
    for (let tries = 0; !this.isClosed; tries += 1) {
      try {
        await this.once(this.brokerUrls[tries % this.brokerUrls.length] ?? '', bound);
      } catch {
        // The broker is away; so it is told by the schedule.
      }
      if (!this.isClosed) await pause(300);
    }
  }

  private async once(brokerUrl: string, bound: () => void): Promise<void> {
    const connection = await connect(brokerUrl, { timeout: 5_000 });
    this.connection = connection;
    const ended = new Promise<void>((resolve) => connection.once('close', resolve));
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(QUEUE, EXCHANGE, `${EXCHANGE}.#`);
    await channel.prefetch(200);
    await channel.consume(QUEUE, (message) => {
      if (message === null) {
        connection.close().catch(() => undefined);
        return;
      }
      this.hear(message);
      channel.ack(message);
    });
    bound();
    await ended;
  }

  private hear(message: ConsumeMessage): void {
    const { id, type, subject } = JSON.parse(message.content.toString('utf8')) as Record<string, string>;
    this.ids.add(id ?? '');
    this.recorder.write({ kind: 'announced', id: id ?? '', type: type ?? '', subject: subject ?? '' });
  }
}
