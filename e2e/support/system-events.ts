import { randomBytes } from 'node:crypto';
import { type ChannelModel, connect, type ConfirmChannel } from 'amqplib';
import { brokerServers } from '../../chat-service/src/several-servers.js';
import { client } from './person.js';

const EXCHANGE = 'energy.chat.in';
const DEAD_LETTERS = 'energy.chat.dead-letters';

/** A message as a program publishes it; its mark is a header that a dead letter keeps. */
export interface Published {
  readonly mark: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Of the dead letter that becomes of it; none when it is good. */
  readonly reason?: string;
}

/** An event in structured mode. */
export function systemEvent(id: string, data: object, attributes: object = {}): object {
  const usual = { specversion: '1.0', type: 'energy.chat.system-message.v1', source: 'metering', id };
  return { ...usual, ...attributes, data: { recipients: [{ client_id: '4' }], texts: { en: id }, ...data } };
}

const published = (mark: string, event: unknown, reason?: string): Published => ({
  mark,
  body: Buffer.from(JSON.stringify(event)),
  ...(reason !== undefined && { reason }),
});

/** The n-th good event, to one of the demo's clients, in each of the ways in which programs write one. */
export function goodEvent(n: number): Published {
  const id = `good-${n}`;
  const { id: clientId, login } = client(1 + (n % 8));
  const ways = [
    systemEvent(id, { recipients: [{ client_id: clientId }] }),
    systemEvent(id, { recipients: [{ login }] }),
    JSON.stringify(systemEvent(id, { recipients: [{ client_id: Number(clientId) }] })),
  ];
  return published(id, ways[n % ways.length]);
}

const LONG = 'x'.repeat(100_000);
const bad: readonly ((mark: string) => Published)[] = [
  (mark) => ({ mark, body: Buffer.from('not JSON'), reason: 'UNREADABLE' }),
  (mark) => ({ mark, body: Buffer.from([0x22, 0xe9, 0x22]), reason: 'UNREADABLE' }),
  (mark) => published(mark, { hello: 'world' }, 'UNREADABLE'),
  (mark) => published(mark, systemEvent(mark, { [LONG]: 1 }), 'UNREADABLE'),
  (mark) => ({
    ...published(mark, { hello: 'world' }, 'UNREADABLE'),
    headers: { 'cloudEvents:note': LONG.slice(0, 65_000) },
  }),
  (mark) => published(mark, systemEvent(mark, { recipients: [{ client_id: '99' }] }), 'RECIPIENT_UNKNOWN'),
  (mark) => published(mark, systemEvent(mark, { recipients: [{ login: 'admin1' }] }), 'RECIPIENT_UNKNOWN'),
  (mark) => published(mark, systemEvent(mark, {}, { source: 'nobody' }), 'SOURCE_NOT_ALLOWED'),
  (mark) => published(mark, systemEvent(mark, {}, { source: LONG }), 'SOURCE_NOT_ALLOWED'),
  (mark) => published(mark, systemEvent(mark, { texts: { en: 'x'.repeat(300_000) } }), 'TOO_LARGE'),
  (mark) => published(mark, systemEvent(mark, { texts: { en: 'x'.repeat(4_001) } }), 'MESSAGE_TOO_LONG'),
  (mark) => published(mark, systemEvent(mark, { link: 'http://example.com/' }), 'INVALID_FIELD'),
  (mark) => published(mark, systemEvent(mark, {}, { source: 'silent' }), 'OVER_QUOTA'),
];
export const KINDS_OF_BAD = bad.length;

/** The n-th bad event, of each kind in turn. */
export function badEvent(n: number): Published {
  const mark = `bad-${n}`;
  const make = bad[n % bad.length];
  if (make === undefined) throw new Error('There is no such kind.');
  return make(mark);
}

/** What SERVICE_ACCOUNTS_FILE holds in these tests: `silent` may reach one recipient an hour. */
export function accountsFile(keyHash: string): string {
  return JSON.stringify({
    sources: {
      metering: { shownName: 'Metering', recipientsPerHour: 1_000_000 },
      silent: { shownName: 'Silent', recipientsPerHour: 1 },
    },
    accounts: [{ name: 'program', sources: ['metering'], keyHash, createdTime: '2026-05-01T12:00:00Z' }],
  });
}

/** A program that publishes system messages, confirmed, and a hand that takes dead letters out. */
export class SystemEvents {
  private constructor(
    private readonly connection: ChannelModel,
    private readonly channel: ConfirmChannel,
  ) {}

  static async open(brokerUrl: string): Promise<SystemEvents> {
    const connection = await connect(brokerServers(brokerUrl)[0] ?? brokerUrl);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return new SystemEvents(connection, channel);
  }

  /** Answers once the broker has it. */
  publish({ mark, body, headers }: Published): Promise<void> {
    const messageId = randomBytes(8).toString('hex');
    return new Promise((resolve, reject) => {
      const options = { persistent: true, messageId, headers: { 'cloudEvents:mark': mark, ...headers } };
      this.channel.publish(EXCHANGE, 'system-message', body, options, (error: unknown) =>
        error ? reject(new Error('The broker did not take an event')) : resolve(),
      );
    });
  }

  /** Takes all dead letters that are there; answers the reasons of each mark. */
  async takeLetters(into: Map<string, Set<string>>): Promise<void> {
    for (;;) {
      const letter = await this.channel.get(DEAD_LETTERS, { noAck: true });
      if (letter === false) return;
      const { 'cloudEvents:mark': mark, 'chat-reason': reason } = letter.properties.headers ?? {};
      into.set(String(mark), (into.get(String(mark)) ?? new Set()).add(String(reason)));
    }
  }

  /** How many messages wait in a queue. */
  async waitingIn(queue: string): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  async close(): Promise<void> {
    await this.connection.close().catch(() => undefined);
  }
}
