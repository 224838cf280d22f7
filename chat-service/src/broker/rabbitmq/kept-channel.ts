import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { describeTrouble } from './rabbitmq-trouble.js';

export interface KeptChannelTimes {
  /** The delay before the first new try, in milliseconds; it doubles, with jitter, up to `longestDelayMs`. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/**
 * A channel that is opened again whenever it is lost. Its connection says when there is a link and when there is none;
 * `current` is the channel while it is open and prepared.
 */
export class KeptChannel<C extends Channel> {
  private link: ChannelModel | undefined;
  private channel: C | undefined;
  private tries = 0;
  private timer: NodeJS.Timeout | undefined;
  private loggedTrouble = '';
  /** Until a channel that is open again counts as well: one that RabbitMQ closes at its first use must not say so each time. */
  private proving: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    readonly purpose: string,
    private readonly create: (link: ChannelModel) => Promise<C>,
    private readonly prepare: (channel: C, link: ChannelModel) => Promise<void>,
    private readonly log: Logger,
    private readonly times: KeptChannelTimes,
  ) {}

  get current(): C | undefined {
    return this.channel;
  }

  get isOpen(): boolean {
    return this.channel !== undefined;
  }

  connected(link: ChannelModel): void {
    if (this.ended) return;
    this.link = link;
    this.tries = 0;
    void this.open(link);
  }

  disconnected(): void {
    this.link = undefined;
    this.channel = undefined;
    clearTimeout(this.timer);
    clearTimeout(this.proving);
  }

  /** Gives the channel up for a fresh one: whatever is still unconfirmed on it counts as failed. */
  renew(reason: string): void {
    const channel = this.channel;
    if (channel === undefined) return;
    this.channel = undefined;
    this.log.warn({ channel: this.purpose, reason }, 'RabbitMQ channel is given up for a fresh one');
    // One that is closed already is what was asked for.
    channel.close().catch(() => undefined);
  }

  /** Closes the channel for good. */
  end(): void {
    const channel = this.channel;
    this.ended = true;
    this.disconnected();
    channel?.close().catch(() => undefined);
  }

  /** One life of a channel: it ends once, by what went wrong first, and is followed by the next. */
  private async open(link: ChannelModel): Promise<void> {
    let trouble: unknown;
    let openedAt = Infinity;
    const over = Promise.withResolvers<void>();
    try {
      const channel = await this.create(link);
      channel.on('close', over.resolve);
      // Without a listener an error would end the process; the close that follows it is what counts.
      channel.on('error', (error) => (trouble ??= error));
      channel.on('handler-error', (error) => this.log.error({ err: error }, 'a RabbitMQ event was handled badly'));
      try {
        await this.prepare(channel, link);
        if (this.link !== link) return;
        openedAt = performance.now();
        this.channel = channel;
        if (this.loggedTrouble !== '') this.proving = setTimeout(() => this.isWell(), this.times.longestDelayMs);
      } catch (error) {
        trouble ??= error;
        channel.close().catch(() => undefined);
      }
      await over.promise;
      clearTimeout(this.proving);
      if (this.channel === channel) this.channel = undefined;
    } catch (error) {
      trouble ??= error;
    }
    if (this.ended || this.link !== link) return;
    if (trouble !== undefined) this.tell(trouble);
    // One that lived for a while starts the delays anew; one that is refused at once must not be tried in a spin.
    if (performance.now() - openedAt > this.times.longestDelayMs) this.tries = 0;
    const longest = Math.min(this.times.firstDelayMs * 2 ** this.tries++, this.times.longestDelayMs);
    this.timer = setTimeout(() => void this.open(link), longest * (0.5 + Math.random() / 2));
  }

  private isWell(): void {
    this.log.info({ channel: this.purpose }, 'RabbitMQ channel is open again');
    this.loggedTrouble = '';
  }

  /** One line per trouble, not one per try. */
  private tell(trouble: unknown): void {
    const text = describeTrouble(trouble);
    if (text === this.loggedTrouble) return;
    this.loggedTrouble = text;
    this.log.error({ channel: this.purpose, trouble: text }, 'RabbitMQ channel is lost and will be reopened');
  }
}
