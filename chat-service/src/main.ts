import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';
import { AnnounceUnreadReplies } from './announcement/announce-unread-replies.js';
import { AnnouncementBus } from './announcement/announcement-bus.port.js';
import { Outbox } from './announcement/outbox.port.js';
import { AnnouncementRelay } from './announcement/relay.js';
import { AppModule } from './app.module.js';
import { RabbitmqConnection } from './broker/rabbitmq/rabbitmq-connection.js';
import { ChatError } from './chat-error.js';
import { ConfigError, readConfig, type Config } from './config.js';
import { CommitBroadcast } from './conversation/commit-broadcast.js';
import { ConversationLog } from './conversation/conversation-log.port.js';
import { startEdge } from './edge/embedded-edge.js';
import { GrpcServer } from './grpc/grpc-server.js';
import { WatchEventEncoder } from './grpc/watch-event-encoder.js';
import { EndedSessions } from './identity/ended-sessions.js';
import { People } from './identity/people.port.js';
import { Heartbeat } from './live/heartbeat.js';
import { Hints } from './live/hints.port.js';
import { Hub } from './live/hub.js';
import { IncomingEvents } from './system-message/incoming-events.port.js';
import { NoticeExpander } from './system-message/notice-expander.js';
import { Notices } from './system-message/notices.port.js';
import { ReceiveSystemMessage } from './system-message/receive-system-message.js';
import { createLogger, NestLog } from './log.js';
import { Metrics } from './metrics/metrics.js';
import { startMetricsServer } from './metrics/metrics-server.js';

/** What a call in flight has to finish once its replica stops, in milliseconds. */
const LAST_CALLS = 5_000;

/** What is left to do then gets as long: a database or a broker that has fallen silent keeps the replica no longer. */
const LAST_STEPS = 5_000;

/** The part of the drain within which the last page is told to leave: it needs the rest to arrive elsewhere. */
const LEAVE_WITHIN = 0.6;

/** Starts the service and answers how to stop it: nothing in flight is lost, and watchers go elsewhere first. */
async function start(config: Config): Promise<() => Promise<void>> {
  const log = createLogger(config);
  warnOfPrivateKeys(config, log);
  warnOfSilence(config, log);
  const metrics = new Metrics();
  const grpcServer = new GrpcServer(config, log, metrics);
  const app: INestMicroservice = await NestFactory.createMicroservice(AppModule.forRoot(config, log, metrics), {
    ...grpcServer.options,
    logger: new NestLog(log),
    abortOnError: false,
  });
  await checkPeople(app.get<People>(People), log);

  const conversations = app.get<ConversationLog>(ConversationLog);
  const hub = app.get(Hub);
  const heartbeat = app.get(Heartbeat);
  const relay = app.get(AnnouncementRelay);
  const unreadReplies = app.get(AnnounceUnreadReplies);
  const endedSessions = app.get(EndedSessions);
  const expander = app.get(NoticeExpander);
  const incoming = app.get<IncomingEvents>(IncomingEvents);
  const receive = app.get(ReceiveSystemMessage);
  const broker = config.RABBITMQ_URL === undefined ? undefined : app.get(RabbitmqConnection);
  app.get(CommitBroadcast).add((changes) => hub.committed(changes));
  app.get(CommitBroadcast).add((changes) => {
    if (changes.some(({ announced }) => announced)) relay.wake();
  });
  endedSessions.onEnded((sessionId) => hub.endSession(sessionId));
  metrics.show(keptFigures(app));
  hub.start();
  heartbeat.start();
  relay.start();
  expander.start();
  incoming.listen((event) => receive.run(event));
  unreadReplies.start();
  await endedSessions.start();

  await grpcServer.listen(app);
  const metricsServer = await startMetricsServer({
    address: config.METRICS_ADDRESS,
    metrics,
    checks: { database: async () => void (await conversations.epoch()) },
    extras: () => broker?.uses.map(({ purpose, isOpen }) => ({ part: `RabbitMQ, ${purpose}`, works: isOpen })) ?? [],
    log,
  });
  const edges = await startEdges(config, log);
  grpcServer.setServing(true);
  log.info({ grpc: config.GRPC_ADDRESS }, 'ready');

  return async () => {
    log.info('stopping');
    grpcServer.setServing(false);
    const drainMs = config.DRAIN_SECONDS * 1_000;
    const drained = performance.now() + drainMs;
    hub.goAway(LEAVE_WITHIN * drainMs);
    while (hub.watchers.size > 0 && performance.now() < drained) await wait(50);
    await hub.close();
    // What they have in hand ends meanwhile.
    const systemMessages = Promise.all([incoming.close(), expander.stop()]);
    await Promise.all([...edges.map((edge) => edge.stop(LAST_CALLS)), grpcServer.stop(LAST_CALLS)]);
    const close = async (): Promise<true> => {
      await systemMessages;
      await unreadReplies.stop();
      await conversations.close();
      // Only now: the other replicas hear of the last sends too.
      await app.get<Hints>(Hints).close();
      await relay.stop();
      await heartbeat.stop();
      endedSessions.stop();
      await hub.presence.close();
      await app.get<AnnouncementBus>(AnnouncementBus).close();
      await metricsServer.stop();
      await app.close();
      return true;
    };
    if (!(await Promise.race([close(), wait(LAST_STEPS, false)]))) {
      log.warn('the database or the broker does not answer: leaving without a last word to them');
    }
    log.info('stopped');
    await new Promise((resolve) => log.flush(resolve));
  };
}

/** What the parts count themselves. */
function keptFigures(app: INestMicroservice): Parameters<Metrics['show']>[0] {
  const hub = app.get(Hub);
  const encoder = app.get(WatchEventEncoder);
  const relay = app.get(AnnouncementRelay);
  const outbox = app.get<Outbox>(Outbox);
  const hints = app.get<Hints>(Hints);
  const expander = app.get(NoticeExpander);
  const notices = app.get<Notices>(Notices);
  const incoming = app.get<IncomingEvents>(IncomingEvents);
  return {
    chat_notice_messages_total: {
      kind: 'total',
      help: 'System messages to many that were written to a recipient.',
      read: () => expander.written,
    },
    chat_notices_backlog: {
      kind: 'level',
      help: 'Notices that have not reached every recipient yet.',
      read: () => notices.backlog(),
    },
    chat_dead_letters_total: {
      kind: 'total',
      help: 'System messages that this replica gave to the dead letters.',
      read: () => incoming.buried,
    },
    chat_watchers: { kind: 'level', help: 'Open Watch streams.', read: () => hub.watchers.size },
    chat_watched_conversations: { kind: 'level', help: 'Conversations held live.', read: () => hub.lives.size },
    chat_watch_resumes_total: {
      kind: 'total',
      help: 'Conversations that a Watch went on with from a cursor.',
      read: () => hub.counts.resumes,
    },
    chat_watch_resets_total: {
      kind: 'total',
      help: 'Conversations that a page was told to reload.',
      read: () => hub.counts.resets,
    },
    chat_event_encodings_total: {
      kind: 'total',
      help: 'Watch events encoded, each once for all who watch.',
      read: () => encoder.encoded,
    },
    chat_hints_lost_total: { kind: 'total', help: 'Hints that could not be told.', read: () => hints.lost },
    chat_outbox_backlog: {
      kind: 'level',
      help: 'Announcements committed and not yet confirmed.',
      read: () => outbox.size(),
    },
    chat_outbox_oldest_seconds: {
      kind: 'level',
      help: 'How long the oldest of them has waited, by database time; 0 when none waits.',
      read: () => outbox.oldestSeconds(),
    },
    chat_announcements_total: { kind: 'total', help: 'Announcements confirmed.', read: () => relay.relayed },
    chat_announcement_failures_total: {
      kind: 'total',
      help: 'Rounds of the relay that the bus or the database failed.',
      read: () => relay.failures,
    },
    chat_announcements_dropped_total: {
      kind: 'total',
      help: 'Announcements that nobody took for seven days.',
      read: () => relay.dropped,
    },
  };
}

/** Replicas that share a database must share their keys too, or each would refuse what the others have signed. */
function warnOfPrivateKeys(config: Config, log: Logger): void {
  const unset = (['SIGNING_KEY_FILES', 'REFRESH_KEY_FILE'] as const).filter((name) => config[name] === undefined);
  if (config.DATABASE_URL === undefined || unset.length === 0) return;
  log.warn(
    { unset, directory: config.DATA_DIRECTORY },
    'keys are made in DATA_DIRECTORY: replicas that do not share it need these settings',
  );
}

/** Without the bus a replica hears of the others' changes by the heartbeat only, and no service hears of new chats. */
function warnOfSilence(config: Config, log: Logger): void {
  if (config.DATABASE_URL === undefined || config.RABBITMQ_URL !== undefined) return;
  log.warn(
    { unset: ['RABBITMQ_URL'], heartbeatSeconds: config.HEARTBEAT_SECONDS },
    'announcements stay in this process, and other replicas learn of changes by the heartbeat only',
  );
}

/** A SELECT that does not fit ends the start; a platform that is only away does not: sign-in works once it is back. */
async function checkPeople(people: People, log: Logger): Promise<void> {
  try {
    await people.check();
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    log.warn({ err: error }, "the platform's database is away: nobody can sign in until it answers");
  }
}

function startEdges(config: Config, log: Logger) {
  const addresses = [
    { audience: 'client', address: config.CLIENT_EDGE_ADDRESS, files: config.CLIENT_PORTAL_FILES },
    { audience: 'admin', address: config.ADMIN_EDGE_ADDRESS, files: config.ADMIN_PORTAL_FILES },
  ] as const;
  return Promise.all(
    addresses.flatMap(({ audience, address, files }) =>
      address === undefined ? [] : [startEdge({ address, audience, grpcAddress: config.GRPC_ADDRESS, files, log })],
    ),
  );
}

async function main(): Promise<void> {
  try {
    const stop = await start(readConfig());
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // A second signal does not wait.
        if (stopping) process.exit(1);
        stopping = true;
        void stop().then(
          () => process.exit(0),
          (error: unknown) => fail(error),
        );
      });
    }
  } catch (error) {
    fail(error);
  }
}

/** The configuration's mistakes in words for the operator; anything else with its stack. */
function fail(error: unknown): never {
  const text = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

await main();
