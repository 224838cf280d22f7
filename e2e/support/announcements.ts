import { type ChannelModel, connect } from 'amqplib';

const EXCHANGE = 'energy.chat';

/** What these tests look at of an event. */
export interface Announced {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: { readonly client: { readonly id: string } };
}

/** An internal service with a queue of its own, bound to some types of announcements. */
export class Announcements {
  /** In the order of arrival, repeats too. */
  readonly heard: Announced[] = [];

  private constructor(private readonly connection: ChannelModel) {}

  static async listen(brokerUrl: string, pattern: string): Promise<Announcements> {
    const connection = await connect(brokerUrl);
    connection.on('error', () => undefined);
    const listener = new Announcements(connection);
    const channel = await connection.createChannel();
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, EXCHANGE, pattern);
    await channel.consume(
      queue,
      (message) => {
        if (message !== null) listener.heard.push(JSON.parse(message.content.toString('utf8')) as Announced);
      },
      { noAck: true },
    );
    return listener;
  }

  /** Of one conversation, each once, in the order in which they came first. */
  idsOf(conversationId: string): string[] {
    return [...new Set(this.heard.filter(({ subject }) => subject === conversationId).map(({ id }) => id))];
  }

  async close(): Promise<void> {
    await this.connection.close().catch(() => undefined);
  }
}
