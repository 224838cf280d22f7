import { type ChannelModel, connect } from 'amqplib';
import { brokerServers } from '../../chat-service/src/several-servers.js';
import { eventually } from '../../chat-service/src/testing/eventually.js';

const QUEUE = 'energy.chat.new-chats';

/** What an internal service hears of a new chat; the fields that these tests look at. */
export interface NewChat {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: {
    readonly client: { readonly id: string; readonly login: string; readonly display_name: string };
    readonly case: { readonly number: number; readonly status: string };
  };
}

/** An internal service that listens for new chats. */
export class NewChats {
  /** In the order of arrival. */
  readonly heard: NewChat[] = [];
  /** The same, as they came. */
  readonly bodies: string[] = [];

  private constructor(private readonly connection: ChannelModel) {
    // A broker that is stopped ends it; the test listens anew.
    connection.on('error', () => undefined);
  }

  /** The queue is the service's to declare, and it may just be connecting: waits for it. Of several nodes at the last. */
  static async listen(brokerUrl: string): Promise<NewChats> {
    const connection = await connect(brokerServers(brokerUrl).at(-1) ?? brokerUrl);
    const newChats = new NewChats(connection);
    await eventually(`${QUEUE} is declared`, () => newChats.consume(), 30_000);
    return newChats;
  }

  /** Of new chats in these conversations, in the order in which they came first: they may come more than once. */
  idsOf(conversationIds: readonly string[]): string[] {
    const ids = this.heard.filter(({ subject }) => conversationIds.includes(subject)).map(({ id }) => id);
    return [...new Set(ids)];
  }

  async close(): Promise<void> {
    await this.connection.close().catch(() => undefined);
  }

  private async consume(): Promise<boolean> {
    const channel = await this.connection.createChannel();
    channel.on('error', () => undefined);
    try {
      await channel.checkQueue(QUEUE);
    } catch {
      return false;
    }
    await channel.consume(QUEUE, (message) => {
      if (message === null) return;
      const body = message.content.toString('utf8');
      this.bodies.push(body);
      this.heard.push(JSON.parse(body) as NewChat);
      channel.ack(message);
    });
    return true;
  }
}
