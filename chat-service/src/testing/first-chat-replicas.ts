import { fromBinary } from '@bufbuild/protobuf';
import { type ChatMessage, ChatMessageSchema } from '@energy-chat/contract/chat_pb.js';
import { pino } from 'pino';
import { EmbeddedHintBus, EmbeddedHints } from '../broker/embedded/embedded-hints.js';
import type { ChatError } from '../chat-error.js';
import { readConfig } from '../config.js';
import { CommitBroadcast } from '../conversation/commit-broadcast.js';
import { GetMyConversation } from '../conversation/get-my-conversation.js';
import { SendMessage } from '../conversation/send-message.js';
import { Clock } from '../database/clock.js';
import type { Database } from '../database/database.js';
import { PlatformPeople } from '../database/platform-people.js';
import { SqlConversationLog } from '../database/sql-conversation-log.js';
import { SqlInbox } from '../database/sql-inbox.js';
import { SqlPresence } from '../database/sql-presence.js';
import { AuthorLogins } from '../first-chat/author-logins.js';
import { JoinFirstChat } from '../first-chat/join-first-chat.js';
import { ListUsers } from '../first-chat/list-users.js';
import { OwnName } from '../first-chat/own-name.js';
import { ReceiveMessages } from '../first-chat/receive-messages.js';
import { SendFirstChatMessage } from '../first-chat/send-first-chat-message.js';
import { WatchEventEncoder } from '../grpc/watch-event-encoder.js';
import type { Caller } from '../identity/caller.js';
import type { People } from '../identity/people.port.js';
import { Heartbeat } from '../live/heartbeat.js';
import { Hub } from '../live/hub.js';
import { PresenceBoard } from '../live/presence-board.js';
import { Watch } from '../live/watch.js';
import type { WatchSink } from '../live/watch-sink.js';
import { Desk } from './desk.js';
import { eventually } from './eventually.js';
import { openIdentity } from './identity-fixture.js';
import { logOnSqlite } from './log-under-test.js';

const SELECT =
  "SELECT user_id AS id, username AS login, 'Name of ' || username AS display_name, password AS password_hash, role FROM user";

/** client1 … client8 of the demo platform, under a display name that is not the login. */
export function callerOfClient(number: number): Caller {
  return caller(String(3 + number), `client${number}`, 'client');
}

/** admin1 … admin3 */
export function callerOfAdmin(number: number): Caller {
  return caller(String(number), `admin${number}`, 'admin');
}

function caller(id: string, login: string, role: 'client' | 'admin'): Caller {
  const displayName = `Name of ${login}`;
  return { id, login, displayName, role, sessionId: login, generation: 0, audience: role, expiresAt: Infinity };
}

/** One open stream of a first client, which takes what it is given as its test says. */
export class FirstChatStream implements WatchSink {
  readonly messages: ChatMessage[] = [];
  takesEverything = true;
  ending: { readonly error: ChatError | undefined } | undefined;
  isOpen = false;
  leave: () => void = () => undefined;

  get texts(): string[] {
    return this.messages.map(({ msg }) => msg);
  }

  write(bytes: Uint8Array): boolean {
    this.messages.push(fromBinary(ChatMessageSchema, bytes));
    return this.takesEverything;
  }

  drained(): Promise<void> {
    return new Promise(() => undefined);
  }

  end(error?: ChatError): void {
    this.ending = { error };
  }
}

export class FirstChatReplica {
  readonly desk: Desk;
  readonly sending: SendFirstChatMessage;
  readonly joining: JoinFirstChat;
  readonly users: ListUsers;
  private readonly receiving: ReceiveMessages;

  constructor(
    readonly log: SqlConversationLog,
    readonly hub: Hub,
    readonly heartbeat: Heartbeat,
    database: Database,
    people: People,
  ) {
    const mine = new GetMyConversation(log);
    const ownName = new OwnName(people);
    const logins = new AuthorLogins(people, (error) => hub.onTrouble(error));
    this.desk = new Desk(log);
    this.sending = new SendFirstChatMessage(people, ownName, mine, new SendMessage(log));
    this.receiving = new ReceiveMessages(mine, new Watch(hub), hub, logins);
    this.joining = new JoinFirstChat(ownName, this.receiving);
    this.users = new ListUsers(new SqlInbox(database));
  }

  send(author: Caller, msg: string, to = '', from = ''): Promise<void> {
    return this.sending.run(author, { from, msg, to });
  }

  /** Ends when the stream is live. */
  async receive(person: Caller, stream = new FirstChatStream()): Promise<FirstChatStream> {
    const start = await this.receiving.startFor(person);
    stream.leave = this.receiving.run(person, start, stream, () => (stream.isOpen = true));
    await eventually('the stream is live', () => stream.isOpen);
    return stream;
  }

  /** The client's conversation. */
  async conversationOf({ id, login, displayName }: Caller) {
    return this.log.conversationOf({ id, login, displayName });
  }
}

/** The first chat on two replicas in one process: one database, one bus of hints, the demo platform. */
export async function firstChatReplicas(options: { readonly slowestDrain?: number } = {}) {
  const identity = await openIdentity();
  const settings = readConfig({
    ROLE_MAP: '0=client,1=admin',
    PEOPLE_BY_LOGIN: `${SELECT} WHERE username = ?`,
    PEOPLE_BY_ID: `${SELECT} WHERE user_id = ?`,
  });
  const people = new PlatformPeople(identity.platform, settings, () => undefined);
  const { replicas, close } = await logOnSqlite();
  const bus = new EmbeddedHintBus();
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown): void => void troubles.push(error);
  const closing: (() => Promise<void>)[] = [];

  const open = (database: Database, name: string): FirstChatReplica => {
    const commits = new CommitBroadcast();
    const log = new SqlConversationLog(
      database,
      { clock: new Clock(), adminPortalUrl: '', clientPortalUrl: '' },
      commits,
    );
    const hints = new EmbeddedHints(bus, pino({ level: 'silent' }));
    const presence = new PresenceBoard(new SqlPresence(database, new Clock(), name, 50), hints, onTrouble);
    const hub = new Hub(log, hints, presence, new WatchEventEncoder(), onTrouble, options.slowestDrain);
    const heartbeat = new Heartbeat(hub, log, new SqlInbox(database), onTrouble, 25_000);
    commits.add((changes) => hub.committed(changes));
    hub.start();
    closing.push(async () => {
      await hub.close();
      await hints.close();
      await heartbeat.stop();
      await presence.close();
      await log.close();
    });
    return new FirstChatReplica(log, hub, heartbeat, database, people);
  };
  return {
    one: open(replicas[0], 'replica-1'),
    two: open(replicas[1], 'replica-2'),
    troubles,
    close: async () => {
      await Promise.all(closing.map((end) => end()));
      await close();
      await identity.close();
    },
  };
}
