import { createHash } from 'node:crypto';
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { brokerServers } from '../../several-servers.js';
import { INCOMING_EVENTS } from './rabbitmq-incoming-events.js';

/** A dead letter as it lies in its queue. */
export interface KeptLetter {
  /** The same whenever it is looked at; letters of one content share it. */
  readonly id: string;
  /** RFC 3339, or empty when the broker itself made it one and did not say. */
  readonly time: string;
  readonly reason: string;
  readonly text: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** What this chat and the broker put beside the headers that the program sent. */
const OURS = /^(chat-|x-death$|x-(first|last)-death-|x-delivery-count$|x-acquired-count$)/;
const MOST_AT_ONCE = 10_000;

type Names = Pick<typeof INCOMING_EVENTS, 'exchange' | 'routingKey' | 'deadLetterQueue'>;

/**
 * Looks through the queue of dead letters, at most 10,000 of them, and takes out what is asked for. A letter that is
 * looked at stays where it is, and one that is sent again goes only once the broker has confirmed that the queue of system
 * messages has it.
 */
export class DeadLetterBox {
  private constructor(
    private readonly link: ChannelModel,
    private readonly names: Names,
  ) {}

  /** By RABBITMQ_URL; of several nodes the first that answers. */
  static async open(url: string, names: Names = INCOMING_EVENTS): Promise<DeadLetterBox> {
    let refusal: unknown;
    for (const server of brokerServers(url)) {
      try {
        const link = await connect(server);
        link.on('error', () => undefined);
        return new DeadLetterBox(link, names);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }

  list(): Promise<KeptLetter[]> {
    return this.through((letters) => Promise.resolve(letters.map(({ letter }) => letter)));
  }

  /** Sends those that `isMeant` again as they came; answers them. */
  replay(isMeant: (letter: KeptLetter) => boolean): Promise<KeptLetter[]> {
    return this.through(async (letters, channel) => {
      const meant = letters.filter(({ letter }) => isMeant(letter));
      for (const { letter, message } of meant) {
        await this.sendAgain(channel, letter);
        channel.ack(message);
      }
      await channel.waitForConfirms();
      return meant.map(({ letter }) => letter);
    });
  }

  /** Forgets those that `isMeant`; answers them. */
  drop(isMeant: (letter: KeptLetter) => boolean): Promise<KeptLetter[]> {
    return this.through((letters, channel) => {
      const meant = letters.filter(({ letter }) => isMeant(letter));
      for (const { message } of meant) channel.ack(message);
      return Promise.resolve(meant.map(({ letter }) => letter));
    });
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  /** What is not acknowledged when the channel closes goes back to its place. */
  private async through<T>(
    work: (letters: { letter: KeptLetter; message: GetMessage }[], channel: ConfirmChannel) => Promise<T>,
  ): Promise<T> {
    const channel = await this.link.createConfirmChannel();
    channel.on('error', () => undefined);
    const letters: { letter: KeptLetter; message: GetMessage }[] = [];
    try {
      while (letters.length < MOST_AT_ONCE) {
        const message: GetMessage | false = await channel.get(this.names.deadLetterQueue);
        if (message === false) break;
        letters.push({ letter: letterOf(message), message });
      }
      return await work(letters, channel);
    } finally {
      await channel.close();
    }
  }

  private sendAgain(channel: ConfirmChannel, { contentType, headers, body }: KeptLetter): Promise<void> {
    const { exchange, routingKey } = this.names;
    return new Promise((resolve, reject) => {
      let returned = false;
      channel.once('return', () => (returned = true));
      const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.test(name)));
      const options = { persistent: true, mandatory: true, contentType, headers: kept };
      channel.publish(exchange, routingKey, body, options, (error: unknown) => {
        channel.removeAllListeners('return');
        if (error instanceof Error) reject(error);
        else if (returned) reject(new Error(`Nothing takes ${routingKey} from ${exchange}: start the chat first`));
        else resolve();
      });
    });
  }
}

function letterOf({ content: body, properties }: GetMessage): KeptLetter {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const timestamp: unknown = properties.timestamp;
  const contentType: unknown = properties.contentType;
  const word = (name: string): string => (typeof headers[name] === 'string' ? headers[name] : '');
  return {
    id: createHash('sha256').update(word('chat-reason')).update(body).digest('hex').slice(0, 12),
    time: typeof timestamp === 'number' ? new Date(timestamp * 1_000).toISOString() : '',
    reason: word('chat-reason') || word('x-first-death-reason'),
    text: word('chat-text'),
    contentType: typeof contentType === 'string' ? contentType : '',
    headers,
    body,
  };
}
