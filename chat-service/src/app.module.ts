import { join } from 'node:path';
import type { DynamicModule, FactoryProvider, InjectionToken } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { Logger } from 'pino';
import { AnnounceUnreadReplies } from './announcement/announce-unread-replies.js';
import { AnnouncementBus } from './announcement/announcement-bus.port.js';
import { Outbox } from './announcement/outbox.port.js';
import { AnnouncementRelay } from './announcement/relay.js';
import { UnreadReplies } from './announcement/unread-replies.port.js';
import { EmbeddedAnnouncementBus } from './broker/embedded/embedded-announcement-bus.js';
import { EmbeddedIncomingEvents } from './broker/embedded/embedded-incoming-events.js';
import { EmbeddedHintBus, EmbeddedHints } from './broker/embedded/embedded-hints.js';
import { RabbitmqAnnouncementBus } from './broker/rabbitmq/rabbitmq-announcement-bus.js';
import { RabbitmqConnection } from './broker/rabbitmq/rabbitmq-connection.js';
import { RabbitmqIncomingEvents } from './broker/rabbitmq/rabbitmq-incoming-events.js';
import { RabbitmqHints } from './broker/rabbitmq/rabbitmq-hints.js';
import { CommitBroadcast } from './conversation/commit-broadcast.js';
import { ConversationController } from './conversation/conversation.controller.js';
import { ConversationLog } from './conversation/conversation-log.port.js';
import { GetConversation } from './conversation/get-conversation.js';
import { GetMyConversation } from './conversation/get-my-conversation.js';
import { ListEntries } from './conversation/list-entries.js';
import { MarkProgress } from './conversation/mark-progress.js';
import { EditMessage } from './conversation/edit-message.js';
import { RateCase } from './conversation/rate-case.js';
import { RemoveMessage } from './conversation/remove-message.js';
import { SendMessage } from './conversation/send-message.js';
import { UpdateClientName } from './conversation/update-client-name.js';
import type { Config } from './config.js';
import { Clock } from './database/clock.js';
import { Database } from './database/database.js';
import { DatabaseModule } from './database/database.module.js';
import { createDemoPlatform } from './database/embedded/demo-platform.js';
import { SqlOutbox } from './database/outbox.js';
import { embeddedPlatform, mysqlPlatform, PlatformDatabase } from './database/platform-database.js';
import { PlatformPeople } from './database/platform-people.js';
import { SqlSessions } from './database/sessions.js';
import { SqlConversationLog } from './database/sql-conversation-log.js';
import { SqlConversationOwners } from './database/sql-conversation-owners.js';
import { SqlInbox } from './database/sql-inbox.js';
import { SqlLanguages } from './database/sql-languages.js';
import { PlatformRecipients } from './database/platform-recipients.js';
import { SqlNotices } from './database/sql-notices.js';
import { SqlSourceQuota } from './database/sql-source-quota.js';
import { SqlPresence } from './database/sql-presence.js';
import { SqlUnreadReplies } from './database/sql-unread-replies.js';
import { AuthorLogins } from './first-chat/author-logins.js';
import { FirstChatController } from './first-chat/first-chat.controller.js';
import { JoinFirstChat } from './first-chat/join-first-chat.js';
import { ListUsers } from './first-chat/list-users.js';
import { OwnName } from './first-chat/own-name.js';
import { ReceiveMessages } from './first-chat/receive-messages.js';
import { SendFirstChatMessage } from './first-chat/send-first-chat-message.js';
import { ErrorFilter } from './grpc/error.filter.js';
import { ReadableRequestGuard } from './grpc/readable-request.guard.js';
import { WatchEventEncoder } from './grpc/watch-event-encoder.js';
import { AccessGuard } from './identity/access.guard.js';
import { AccessTokens } from './identity/access-token.js';
import { AuthController } from './identity/auth.controller.js';
import { ConversationOwners } from './identity/conversation-owners.port.js';
import { EndSession } from './identity/end-session.js';
import { EndedSessions } from './identity/ended-sessions.js';
import { Languages } from './identity/languages.port.js';
import { ListSessions } from './identity/list-sessions.js';
import { Passwords } from './identity/password.js';
import { People } from './identity/people.port.js';
import { Refresh } from './identity/refresh.js';
import { RefreshCookie } from './identity/refresh-cookie.js';
import { loadRefreshKey, RefreshTokens } from './identity/refresh-token.js';
import { RefusalStep } from './identity/refusal-step.js';
import { Sessions } from './identity/sessions.port.js';
import { SetLanguage } from './identity/set-language.js';
import { SignIn } from './identity/sign-in.js';
import { SignOut } from './identity/sign-out.js';
import { loadSigningKeys } from './identity/signing-keys.js';
import { VerifyAccess } from './identity/verify-access.js';
import type { Warn } from './identity/warn.js';
import { ClaimCase } from './inbox/claim-case.js';
import { CloseCase } from './inbox/close-case.js';
import { GetCounts } from './inbox/get-counts.js';
import { InboxController } from './inbox/inbox.controller.js';
import { Inbox } from './inbox/inbox.port.js';
import { ListConversations } from './inbox/list-conversations.js';
import { OpenCase } from './inbox/open-case.js';
import { ReleaseCase } from './inbox/release-case.js';
import { TransferCase } from './inbox/transfer-case.js';
import { Heartbeat } from './live/heartbeat.js';
import { Hints } from './live/hints.port.js';
import { Hub } from './live/hub.js';
import { PresenceBoard } from './live/presence-board.js';
import { PresenceStore } from './live/presence.port.js';
import { SetTyping } from './live/set-typing.js';
import { Watch } from './live/watch.js';
import type { Metrics } from './metrics/metrics.js';
import { DeliverSystemMessage } from './system-message/deliver-system-message.js';
import { GetNotice } from './system-message/get-notice.js';
import { IncomingEvents } from './system-message/incoming-events.port.js';
import { NoticeExpander } from './system-message/notice-expander.js';
import { Notices } from './system-message/notices.port.js';
import { PublishSystemMessage } from './system-message/publish-system-message.js';
import { ReceiveSystemMessage } from './system-message/receive-system-message.js';
import { Recipients } from './system-message/recipients.port.js';
import { ServiceAccounts } from './system-message/service-accounts.js';
import { SourceQuota } from './system-message/source-quota.port.js';
import { SystemMessageController } from './system-message/system-message.controller.js';

type Class = abstract new (...args: never[]) => unknown;
type Instances<Tokens extends readonly Class[]> = {
  [Index in keyof Tokens]: Tokens[Index] extends abstract new (...args: never[]) => infer Instance ? Instance : never;
};

/** How many heartbeats the word of a Watch counts for. */
const WATCH_HEARTBEATS = 2;

/** A plain class as a provider: `make` is given the instances of `inject`, in order. */
function made<const Tokens extends readonly Class[]>(
  provide: InjectionToken,
  inject: Tokens,
  make: (...dependencies: Instances<Tokens>) => unknown,
): FactoryProvider {
  return { provide, inject: [...inject], useFactory: make };
}

/** A use case that needs the log alone. */
function onLog(useCase: new (log: ConversationLog) => unknown): FactoryProvider {
  return made(useCase, [ConversationLog], (log) => new useCase(log));
}

/** The whole service: the one place that sees both ends of every port. */
export class AppModule {
  static forRoot(config: Config, log: Logger, metrics: Metrics): DynamicModule {
    const warn: Warn = (text, facts) => log.warn({ ...facts }, text);
    return {
      module: AppModule,
      imports: [DatabaseModule.forRoot(config.DATABASE_URL, config.DATA_DIRECTORY)],
      controllers: [
        AuthController,
        ConversationController,
        InboxController,
        SystemMessageController,
        FirstChatController,
      ],
      providers: [
        { provide: APP_FILTER, useValue: new ErrorFilter(log) },
        { provide: APP_GUARD, useValue: new ReadableRequestGuard() },
        made(
          APP_GUARD,
          [VerifyAccess, ConversationOwners, ServiceAccounts],
          (verify, owners, accounts) => new AccessGuard(verify, owners, accounts),
        ),
        { provide: Clock, useValue: new Clock() },
        ...brokerProviders(config, log),
        ...logProviders(config, metrics),
        ...liveProviders(config, log),
        ...identityProviders(config, warn),
        ...systemMessageProviders(config, log, warn),
        ...firstChatProviders(warn),
      ],
    };
  }
}

function brokerProviders(config: Config, log: Logger): FactoryProvider[] {
  const { RABBITMQ_URL: url, REPLICA_NAME: replica } = config;
  const due = { unreadSeconds: config.REPLY_UNREAD_SECONDS, watchSeconds: WATCH_HEARTBEATS * config.HEARTBEAT_SECONDS };
  const bus =
    url === undefined
      ? [
          made(Hints, [], () => new EmbeddedHints(new EmbeddedHintBus(), log)),
          made(AnnouncementBus, [], () => new EmbeddedAnnouncementBus(log)),
          made(IncomingEvents, [], () => new EmbeddedIncomingEvents()),
        ]
      : [
          made(RabbitmqConnection, [], () => new RabbitmqConnection(url, log)),
          made(Hints, [RabbitmqConnection], (link) => new RabbitmqHints(link, replica, log)),
          made(AnnouncementBus, [RabbitmqConnection], (link) => new RabbitmqAnnouncementBus(link, log)),
          made(IncomingEvents, [RabbitmqConnection], (link) => new RabbitmqIncomingEvents(link, log)),
        ];
  return [
    ...bus,
    made(Outbox, [Database, Clock], (database, clock) => new SqlOutbox(database, clock)),
    made(UnreadReplies, [Database, Clock], (database, clock) => new SqlUnreadReplies(database, clock)),
    made(
      AnnounceUnreadReplies,
      [UnreadReplies, ConversationLog],
      (replies, conversations) => new AnnounceUnreadReplies(replies, conversations, due, replica, log),
    ),
    made(AnnouncementRelay, [Outbox, AnnouncementBus], (outbox, to) => new AnnouncementRelay(outbox, to, replica, log)),
  ];
}

function logProviders(config: Config, metrics: Metrics): FactoryProvider[] {
  const { ADMIN_PORTAL_URL: adminPortalUrl, CLIENT_PORTAL_URL: clientPortalUrl } = config;
  return [
    made(CommitBroadcast, [], () => new CommitBroadcast()),
    made(
      ConversationLog,
      [Database, Clock, CommitBroadcast],
      (database, clock, commits) =>
        new SqlConversationLog(database, { clock, adminPortalUrl, clientPortalUrl }, commits, ({ entries, seconds }) =>
          metrics.committed(entries, seconds),
        ),
    ),
    made(Inbox, [Database], (database) => new SqlInbox(database)),
    onLog(GetMyConversation),
    onLog(GetConversation),
    onLog(ListEntries),
    onLog(SendMessage),
    onLog(EditMessage),
    onLog(RemoveMessage),
    onLog(RateCase),
    onLog(MarkProgress),
    onLog(UpdateClientName),
    onLog(OpenCase),
    onLog(ClaimCase),
    onLog(ReleaseCase),
    onLog(CloseCase),
    made(TransferCase, [ConversationLog, People], (conversations, people) => new TransferCase(conversations, people)),
    made(ListConversations, [Inbox], (inbox) => new ListConversations(inbox)),
    made(GetCounts, [Inbox], (inbox) => new GetCounts(inbox)),
  ];
}

function liveProviders(config: Config, log: Logger): FactoryProvider[] {
  const { HEARTBEAT_SECONDS: heartbeat, REPLICA_NAME: replica } = config;
  const onTrouble = (error: unknown): void => log.warn({ err: error }, 'a live page may lag for one heartbeat');
  return [
    made(WatchEventEncoder, [], () => new WatchEventEncoder()),
    made(
      PresenceStore,
      [Database, Clock],
      (database, clock) => new SqlPresence(database, clock, replica, WATCH_HEARTBEATS * heartbeat),
    ),
    made(PresenceBoard, [PresenceStore, Hints], (store, hints) => new PresenceBoard(store, hints, onTrouble)),
    made(
      Hub,
      [ConversationLog, Hints, PresenceBoard, WatchEventEncoder],
      (conversations, hints, presence, encoder) => new Hub(conversations, hints, presence, encoder, onTrouble),
    ),
    made(
      Heartbeat,
      [Hub, ConversationLog, Inbox],
      (hub, conversations, inbox) => new Heartbeat(hub, conversations, inbox, onTrouble, heartbeat * 1_000),
    ),
    made(SetTyping, [Hub], (hub) => new SetTyping(hub)),
    made(Watch, [Hub], (hub) => new Watch(hub)),
  ];
}

function identityProviders(config: Config, warn: Warn): FactoryProvider[] {
  const { DATA_DIRECTORY: directory, ACCESS_TOKEN_SECONDS: accessTokenSeconds } = config;
  return [
    made(PlatformDatabase, [], async () => new PlatformDatabase(await platformOptions(config), warn)),
    made(
      People,
      [PlatformDatabase, ServiceAccounts],
      (platform, accounts) => new PlatformPeople(platform, config, warn, (name) => accounts.isShownName(name)),
    ),
    made(Sessions, [Database, Clock], (database, clock) => new SqlSessions(database, clock)),
    made(Languages, [Database, Clock], (database, clock) => new SqlLanguages(database, clock)),
    made(ConversationOwners, [Database], (database) => new SqlConversationOwners(database)),
    made(
      AccessTokens,
      [],
      async () => new AccessTokens(await loadSigningKeys(config.SIGNING_KEY_FILES, directory), accessTokenSeconds),
    ),
    made(RefreshTokens, [], async () => new RefreshTokens(await loadRefreshKey(config.REFRESH_KEY_FILE, directory))),
    made(RefreshCookie, [], () => new RefreshCookie(config.COOKIE_SECURE)),
    made(Passwords, [], () => new Passwords(warn)),
    made(EndedSessions, [Sessions], (sessions) => new EndedSessions(sessions, accessTokenSeconds, warn)),
    made(
      VerifyAccess,
      [AccessTokens, Sessions, EndedSessions],
      (tokens, sessions, ended) => new VerifyAccess(tokens, sessions, ended),
    ),
    made(
      SignIn,
      [People, Passwords, Sessions, AccessTokens, RefreshTokens, UpdateClientName],
      (people, passwords, sessions, access, refresh, names) =>
        new SignIn(people, passwords, sessions, access, refresh, new RefusalStep(), (person) => names.run(person)),
    ),
    made(
      Refresh,
      [People, Sessions, AccessTokens, RefreshTokens, EndedSessions],
      (people, sessions, access, refresh, ended) => new Refresh(people, sessions, access, refresh, ended),
    ),
    made(ListSessions, [Sessions], (sessions) => new ListSessions(sessions)),
    made(EndSession, [Sessions, EndedSessions], (sessions, ended) => new EndSession(sessions, ended)),
    made(SetLanguage, [Languages], (languages) => new SetLanguage(languages)),
    made(SignOut, [Sessions, EndedSessions], (sessions, ended) => new SignOut(sessions, ended)),
  ];
}

function systemMessageProviders(config: Config, log: Logger, warn: Warn): FactoryProvider[] {
  const { DEFAULT_LANGUAGE: defaultLanguage, REPLICA_NAME: replica } = config;
  return [
    made(ServiceAccounts, [], () => new ServiceAccounts(config.SERVICE_ACCOUNTS_FILE, warn)),
    made(
      Recipients,
      [People, PlatformDatabase],
      (people, platform) => new PlatformRecipients(people, platform, config),
    ),
    made(Notices, [Database, Clock], (database, clock) => new SqlNotices(database, clock)),
    made(SourceQuota, [Database, Clock], (database, clock) => new SqlSourceQuota(database, clock)),
    made(
      DeliverSystemMessage,
      [ConversationLog, Recipients, Languages],
      (conversations, recipients, languages) =>
        new DeliverSystemMessage(conversations, recipients, languages, defaultLanguage),
    ),
    made(
      NoticeExpander,
      [Notices, DeliverSystemMessage, IncomingEvents],
      (notices, deliver, incoming) => new NoticeExpander(notices, deliver, incoming, replica, log),
    ),
    made(
      PublishSystemMessage,
      [ServiceAccounts, SourceQuota, DeliverSystemMessage, Notices, NoticeExpander],
      (sources, quota, deliver, notices, expander) =>
        new PublishSystemMessage(sources, quota, deliver, notices, {
          defaultLanguage,
          onNotice: () => expander.wake(),
        }),
    ),
    made(GetNotice, [Notices], (notices) => new GetNotice(notices)),
    made(ReceiveSystemMessage, [PublishSystemMessage], (publish) => new ReceiveSystemMessage(publish, log)),
  ];
}

/** The first chat's contract, on the use cases above. */
function firstChatProviders(warn: Warn): FactoryProvider[] {
  const onTrouble = (err: unknown): void => warn('a message of the first chat goes out under a display name', { err });
  return [
    made(OwnName, [People], (people) => new OwnName(people)),
    made(AuthorLogins, [People], (people) => new AuthorLogins(people, onTrouble)),
    made(
      SendFirstChatMessage,
      [People, OwnName, GetMyConversation, SendMessage],
      (people, ownName, conversations, send) => new SendFirstChatMessage(people, ownName, conversations, send),
    ),
    made(
      ReceiveMessages,
      [GetMyConversation, Watch, Hub, AuthorLogins],
      (conversations, watch, hub, logins) => new ReceiveMessages(conversations, watch, hub, logins),
    ),
    made(JoinFirstChat, [OwnName, ReceiveMessages], (ownName, receiving) => new JoinFirstChat(ownName, receiving)),
    made(ListUsers, [Inbox], (inbox) => new ListUsers(inbox)),
  ];
}

/** The platform's database by URL, else the demo platform, made on the first start. */
async function platformOptions({ PLATFORM_DATABASE_URL: url, DATA_DIRECTORY: directory }: Config) {
  if (url !== undefined) return mysqlPlatform(url);
  const file = join(directory, 'platform.sqlite');
  await createDemoPlatform(file);
  return embeddedPlatform(file);
}
