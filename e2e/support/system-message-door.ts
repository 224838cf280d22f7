import { type ChannelModel, connect, type ConsumeMessage } from 'amqplib';
import { brokerServers } from '../../chat-service/src/several-servers.js';

/** What other programs publish to the chat, beside the chat's own queue, and a hand that announces in its place. */
export class SystemMessageDoor {
  /** In the order of arrival. */
  readonly arrived: ConsumeMessage[] = [];

  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: Awaited<ReturnType<ChannelModel['createConfirmChannel']>>,
  ) {}

  static async open(brokerUrl: string): Promise<SystemMessageDoor> {
    const connection = await connect(brokerServers(brokerUrl)[0] ?? brokerUrl);
    const channel = await connection.createConfirmChannel();
    const door = new SystemMessageDoor(connection, channel);
    await channel.assertExchange('energy.chat.in', 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'energy.chat.in', 'system-message');
    await channel.consume(queue, (message) => message && door.arrived.push(message), { noAck: true });
    return door;
  }

  /** An event as the chat announces it. */
  async announce(event: { readonly type: string; readonly data: object } | string): Promise<void> {
    const [type, body] =
      typeof event === 'string' ? ['energy.chat.nonsense.v1', event] : [event.type, JSON.stringify(event)];
    this.channel.publish('energy.chat', type, Buffer.from(body), { persistent: true });
    await this.channel.waitForConfirms();
  }

  /** Deletes the queues of programs that have ended, and ends. */
  async close(queues: readonly string[]): Promise<void> {
    for (const queue of queues) await this.channel.deleteQueue(queue);
    await this.connection.close();
  }
}
