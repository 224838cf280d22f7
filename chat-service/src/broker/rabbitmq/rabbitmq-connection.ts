import { connect, type Channel, type ChannelModel, type ConfirmChannel, type RecoveringChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { brokerServers } from '../../several-servers.js';
import { BrokerAddresses } from './broker-addresses.js';
import { KeptChannel, type KeptChannelTimes } from './kept-channel.js';
import { describeTrouble } from './rabbitmq-trouble.js';

export interface RabbitmqConnectionTimes extends KeptChannelTimes {
  /** A silent broker is given up after about twice this, in seconds. The URL's own `?heartbeat=` goes before it. */
  readonly heartbeatSeconds: number;
  /** How long one try to connect may last, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long `close` waits for the broker's goodbye, in milliseconds. */
  readonly closeTimeoutMs: number;
}

const TIMES: RabbitmqConnectionTimes = {
  heartbeatSeconds: 10,
  connectTimeoutMs: 10_000,
  closeTimeoutMs: 2_000,
  firstDelayMs: 200,
  longestDelayMs: 10_000,
};

/**
 * A replica's one connection to RabbitMQ, kept for as long as the process lives.
 *
 * Making it neither blocks nor fails: it connects in the background and, whenever the broker is away (at boot, too),
 * tries again for ever with a jittered delay of 0.2 s growing to 10 s, at the next node where `url` names several (see
 * `brokerServers`). Each use has a channel of its own, which is
 * reopened when it is lost; nothing that the broker does ends the process. Addresses are logged without user and
 * password. `close` ends it for good.
 */
export class RabbitmqConnection {
  /** Tries to connect that failed, since the start. */
  failedTries = 0;

  private readonly log: Logger;
  private readonly times: RabbitmqConnectionTimes;
  private readonly addresses: BrokerAddresses;
  private readonly recovering: Promise<RecoveringChannelModel>;
  private readonly channels: Pick<KeptChannel<Channel>, 'purpose' | 'isOpen' | 'connected' | 'disconnected' | 'end'>[] =
    [];
  private model: ChannelModel | undefined;
  /** Since it was last connected. */
  private readonly loggedTroubles = new Set<string>();
  private closed = false;

  constructor(url: string, log: Logger, times: Partial<RabbitmqConnectionTimes> = {}) {
    this.log = log;
    this.times = { ...TIMES, ...times };
    this.addresses = new BrokerAddresses(brokerServers(url));
    this.recovering = this.connect();
  }

  /** Whether a connection stands right now: for readiness and metrics, never to decide whether to try. */
  get state(): 'connected' | 'away' {
    return this.model === undefined ? 'away' : 'connected';
  }

  /** What its channels are for, and whether each is open and consumes what it should. */
  get uses(): { readonly purpose: string; readonly isOpen: boolean }[] {
    return this.channels.map(({ purpose, isOpen }) => ({ purpose, isOpen }));
  }

  /** Keeps a channel for `purpose` (a word for the log). `prepare` declares and consumes, each time it is opened. */
  keepChannel(purpose: string, prepare: (channel: Channel, link: ChannelModel) => Promise<void>): KeptChannel<Channel> {
    return this.keep(new KeptChannel(purpose, (link) => link.createChannel(), prepare, this.log, this.times));
  }

  /** The same with publisher confirms. */
  keepConfirmChannel(
    purpose: string,
    prepare: (channel: ConfirmChannel, link: ChannelModel) => Promise<void>,
  ): KeptChannel<ConfirmChannel> {
    return this.keep(new KeptChannel(purpose, (link) => link.createConfirmChannel(), prepare, this.log, this.times));
  }

  /** Called by Nest at the end. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const channel of this.channels) channel.end();
    this.model = undefined;
    const recovering = await this.recovering;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, this.times.closeTimeoutMs);
    await Promise.race([recovering.close(), patience.promise]);
    clearTimeout(timer);
  }

  private keep<C extends Channel>(kept: KeptChannel<C>): KeptChannel<C> {
    this.channels.push(kept);
    if (this.model !== undefined) kept.connected(this.model);
    return kept;
  }

  private async connect(): Promise<RecoveringChannelModel> {
    const recovering = await connect(this.addresses.target(this.times.heartbeatSeconds), {
      noDelay: true,
      timeout: this.times.connectTimeoutMs,
      clientProperties: { connection_name: 'energy-chat' },
      recovery: {
        initialDelay: this.times.firstDelayMs,
        maxDelay: this.times.longestDelayMs,
        jitter: 0.5,
        waitForConnect: false,
      },
    });
    recovering.on('connect', (model) => {
      if (this.closed) return;
      this.model = model;
      this.loggedTroubles.clear();
      this.log.info({ broker: this.addresses.current }, 'RabbitMQ is connected');
      for (const channel of this.channels) channel.connected(model);
    });
    recovering.on('disconnect', (error) => this.away(error));
    recovering.on('connect-failed', (error) => {
      this.failedTries++;
      this.away(error);
    });
    recovering.on('blocked', (reason) => {
      this.log.warn(
        { broker: this.addresses.current, reason },
        'RabbitMQ takes no messages for now (memory or disk alarm)',
      );
    });
    recovering.on('unblocked', () =>
      this.log.info({ broker: this.addresses.current }, 'RabbitMQ takes messages again'),
    );
    // The close that follows each of these is what counts; without listeners they would end the process.
    recovering.on('error', () => undefined);
    recovering.on('handler-error', (error) => this.log.error({ err: error }, 'a RabbitMQ event was handled badly'));
    return recovering;
  }

  private away(error: Error): void {
    this.model = undefined;
    for (const channel of this.channels) channel.disconnected();
    const broker = this.addresses.current;
    this.addresses.next();
    // One line per trouble, not one per try. A refused connection to several addresses has an empty message.
    const trouble = error.message === '' && 'code' in error ? String(error.code) : describeTrouble(error);
    const line = `${broker} ${trouble}`;
    if (this.closed || this.loggedTroubles.has(line)) return;
    this.loggedTroubles.add(line);
    this.log.warn(
      { broker, trouble },
      'RabbitMQ is away; chats go on, announcements wait, and it is tried until it is back',
    );
  }
}
