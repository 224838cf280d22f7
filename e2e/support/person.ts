import {
  AvailabilityKeeper,
  Chat,
  failoverTransport,
  Outgoing,
  Session,
  type SessionOptions,
  Watch,
  type WatchStatus,
} from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { DEMO_PASSWORD } from '../../chat-service/src/database/embedded/demo-data.js';
import type { Way } from './way.js';
import { WireRecord } from './wire-record.js';

/** Somebody of the demo platform. */
export interface Identity {
  readonly id: string;
  readonly login: string;
  readonly audience: Audience;
}

/** client1 … client8 */
export function client(number: number): Identity {
  return { id: String(3 + number), login: `client${number}`, audience: Audience.CLIENT };
}

/** admin1 … admin3 */
export function admin(number: number): Identity {
  return { id: String(number), login: `admin${number}`, audience: Audience.ADMIN };
}

/** One person at one device: the SDK as a portal uses it, and a record of all that it heard. */
export class Person {
  readonly record = new WireRecord();
  readonly session: Session;
  readonly chat: Chat;
  readonly watch: Watch;
  readonly availability: AvailabilityKeeper;
  readonly outgoing: Outgoing;
  /** The newest row of each conversation, as the watch told it. */
  readonly rows = new Map<string, Conversation>();
  /** Every entry that the watch told, in the order in which it did. */
  readonly told: Entry[] = [];
  readonly statuses: WatchStatus[] = [];
  private readonly connections: { close(): void }[];

  /** Goes by the first way until that fails, then by the next. */
  constructor(
    readonly identity: Identity,
    ways: readonly [Way, ...Way[]],
    options: SessionOptions = {},
  ) {
    const [first, ...others] = ways.map((way) => way.connect(this.record.interceptor(way.name)));
    if (first === undefined) throw new Error('A person needs a way to the service.');
    this.connections = [first, ...others];
    const transport = failoverTransport(first.transport, ...others.map((other) => other.transport));
    this.session = new Session(transport, options);
    this.chat = new Chat(transport, this.session);
    this.watch = new Watch(transport, this.session);
    this.availability = new AvailabilityKeeper(this.chat, this.watch);
    this.outgoing = new Outgoing(this.chat, this.session, { portal: 'tests' });
    this.outgoing.start();
    this.watch.listen({
      entry: (entry) => this.told.push(entry),
      conversation: (row) => this.rows.set(row.id, row),
      status: (status) => this.statuses.push(status),
    });
  }

  static async signIn(
    identity: Identity,
    ways: readonly [Way, ...Way[]],
    options: SessionOptions = {},
  ): Promise<Person> {
    const person = new Person(identity, ways, options);
    await person.session.signIn(identity.login, DEMO_PASSWORD, identity.audience);
    return person;
  }

  /** Administrators: the inbox as it changes. */
  watchInbox(): void {
    this.availability.start();
    this.watch.setInbox(true);
    this.watch.start();
  }

  close(): void {
    this.availability.stop();
    this.outgoing.stop();
    this.watch.stop();
    this.session.close();
    for (const connection of this.connections) connection.close();
  }
}
