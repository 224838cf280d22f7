import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from 'pino';
import { describeTrouble, replyCode } from './rabbitmq-trouble.js';

/**
 * Declares something that others may have declared otherwise. It runs on a channel of its own, since RabbitMQ closes
 * the channel over a declaration that it refuses (https://www.rabbitmq.com/docs/queues#property-equivalence).
 * Answers whether it holds; a refusal is logged with the name of the queue or exchange and the cure, once while it stays
 * the same, by `told`: what was refused and how. Throws when the connection is lost meanwhile.
 */
export async function declare(
  link: ChannelModel,
  log: Logger,
  what: string,
  declaration: (channel: Channel) => Promise<unknown>,
  told: Map<string, string> = new Map(),
): Promise<boolean> {
  const channel = await link.createChannel();
  channel.on('error', () => undefined);
  try {
    await declaration(channel);
    await channel.close();
    told.delete(what);
    return true;
  } catch (error) {
    if (replyCode(error) === undefined) throw error;
    const trouble = describeTrouble(error);
    if (told.get(what) !== trouble) {
      log.error({ declaring: what, trouble }, `RabbitMQ refuses to declare ${what} as the chat needs it`);
    }
    told.set(what, trouble);
    return false;
  }
}
