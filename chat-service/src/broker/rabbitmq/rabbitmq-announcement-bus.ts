import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import type { Logger } from 'pino';
import { CASE_OPENED, type Announcement } from '../../announcement/announcement.js';
import { AnnouncementBus, type Outcome } from '../../announcement/announcement-bus.port.js';
import { CLOUD_EVENT_MEDIA_TYPE, cloudEventOf } from '../../announcement/cloud-event.js';
import { declare } from './declare.js';
import type { KeptChannel } from './kept-channel.js';
import type { RabbitmqConnection } from './rabbitmq-connection.js';

export interface AnnouncementBusSettings {
  /** Durable, topic. */
  readonly exchange: string;
  /** A quorum queue; holds new chats for whoever consumes them, so that they are never unroutable. */
  readonly newChatsQueue: string;
  /** The oldest new chats go when the queue is longer. */
  readonly newChatsLength: number;
  /** How long a batch waits for its confirms, in milliseconds. */
  readonly confirmTimeoutMs: number;
}

export const ANNOUNCEMENT_BUS: AnnouncementBusSettings = {
  exchange: 'energy.chat',
  newChatsQueue: 'energy.chat.new-chats',
  newChatsLength: 10_000,
  confirmTimeoutMs: 10_000,
};

/**
 * Announcements over RabbitMQ: persistent, mandatory, confirmed.
 *
 * RabbitMQ confirms an unroutable message as well; it tells by returning it before the confirm
 * (https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed). Returns are matched by message id, which is
 * safe because one batch at a time is in flight on a channel, and a channel whose confirms are overdue is given up
 * together with its returns.
 */
export class RabbitmqAnnouncementBus extends AnnouncementBus {
  private readonly settings: AnnouncementBusSettings;
  private readonly channel: KeptChannel<ConfirmChannel>;
  private readonly returns = new WeakMap<Channel, Set<unknown>>();
  private readonly refused = new Map<string, string>();
  private link: ChannelModel | undefined;
  private inFlight: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(
    connection: RabbitmqConnection,
    private readonly log: Logger,
    settings: Partial<AnnouncementBusSettings> = {},
  ) {
    super();
    this.settings = { ...ANNOUNCEMENT_BUS, ...settings };
    this.channel = connection.keepConfirmChannel('announcements', (channel, link) => this.prepare(channel, link));
  }

  override publish(announcements: readonly Announcement[]): Promise<Outcome[]> {
    if (this.closed) return Promise.resolve(announcements.map(() => 'failed'));
    const outcomes = this.inFlight.then(() => this.publishBatch(announcements));
    this.inFlight = outcomes;
    return outcomes;
  }

  override async close(): Promise<void> {
    this.closed = true;
    await this.inFlight;
    this.channel.end();
  }

  private async prepare(channel: ConfirmChannel, link: ChannelModel): Promise<void> {
    const { exchange } = this.settings;
    this.link = link;
    const topic = (own: Channel) => own.assertExchange(exchange, 'topic', { durable: true });
    await declare(link, this.log, `exchange ${exchange}`, topic, this.refused);
    await this.declareNewChats(link);
    const returned = new Set<unknown>();
    channel.on('return', (message) => returned.add(message.properties.messageId));
    this.returns.set(channel, returned);
  }

  /** A queue that exists with other arguments is used as it is: an operator may have reasons for his own. */
  private async declareNewChats(link: ChannelModel): Promise<void> {
    const { exchange, newChatsQueue: queue, newChatsLength } = this.settings;
    const quorum = (own: Channel) =>
      own.assertQueue(queue, {
        durable: true,
        maxLength: newChatsLength,
        overflow: 'drop-head',
        // On a cluster, the only kind that outlives a node. Its members are the nodes that are up when it is declared.
        arguments: { 'x-queue-type': 'quorum' },
      });
    await declare(link, this.log, `queue ${queue}`, quorum, this.refused);
    const bind = (own: Channel) => own.bindQueue(queue, exchange, CASE_OPENED);
    await declare(link, this.log, `the binding of queue ${queue}`, bind, this.refused);
  }

  private async publishBatch(announcements: readonly Announcement[]): Promise<Outcome[]> {
    const channel = this.channel.current;
    if (channel === undefined) return announcements.map(() => 'failed');
    const overdue = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      this.channel.renew('confirms are overdue');
      overdue.resolve('failed');
    }, this.settings.confirmTimeoutMs);
    const outcomes = await Promise.all(
      announcements.map((announcement) => Promise.race([this.hand(channel, announcement), overdue.promise])),
    );
    clearTimeout(timer);
    if (announcements.some(({ type }, index) => type === CASE_OPENED && outcomes[index] === 'unroutable')) {
      // Somebody deleted the queue. The next try of this type finds it again.
      if (this.link !== undefined) this.declareNewChats(this.link).catch(() => undefined);
    }
    return outcomes;
  }

  private hand(channel: ConfirmChannel, announcement: Announcement): Promise<Outcome> {
    return new Promise((resolve) => {
      try {
        channel.publish(
          this.settings.exchange,
          announcement.type,
          Buffer.from(JSON.stringify(cloudEventOf(announcement))),
          {
            persistent: true,
            mandatory: true,
            contentType: CLOUD_EVENT_MEDIA_TYPE,
            messageId: announcement.id,
            type: announcement.type,
            appId: 'energy-chat',
          },
          (error: unknown) => {
            if (error) resolve('failed');
            else resolve(this.returns.get(channel)?.delete(announcement.id) ? 'unroutable' : 'delivered');
          },
        );
      } catch {
        // The channel is closing; nothing behind this one is sent either.
        resolve('failed');
      }
    });
  }
}
