import { pino } from 'pino';
import { EmbeddedHintBus, EmbeddedHints } from '../broker/embedded/embedded-hints.js';
import { CommitListener } from '../conversation/commit-listener.port.js';
import { newId } from '../conversation/new-id.js';
import { Clock } from '../database/clock.js';
import { SqlConversationLog } from '../database/sql-conversation-log.js';
import { SqlInbox } from '../database/sql-inbox.js';
import { SqlPresence } from '../database/sql-presence.js';
import { isAdmin, type Person } from '../identity/caller.js';
import { Heartbeat } from '../live/heartbeat.js';
import { Hub, type WatchStart } from '../live/hub.js';
import { PresenceBoard } from '../live/presence-board.js';
import { Desk } from './desk.js';
import { LaggingLog } from './lagging-log.js';
import { logOnSqlite } from './log-under-test.js';
import { ReadableEncoder, RecordingSink } from './recording-sink.js';
import { TappedDatabase } from './tapped-database.js';
import { UnrulyHints } from './unruly-hints.js';

/** Presence counts for two of these, by database time. */
export const HEARTBEAT_SECONDS = 25;

/** One open watch: what its page has seen, and how its client goes. */
export interface OpenWatch {
  readonly sink: RecordingSink;
  gone(): void;
}

export interface LiveReplica {
  readonly hub: Hub;
  readonly heartbeat: Heartbeat;
  /** Writes through this replica's lanes. */
  readonly desk: Desk;
  /** What the hub reads. */
  readonly log: LaggingLog;
  /** What presence writes and reads. */
  readonly presenceDatabase: TappedDatabase;
  readonly encoder: ReadableEncoder;
  readonly hints: UnrulyHints;
  /** What was reported as trouble. */
  readonly troubles: unknown[];
  watch(person: Person, start?: Partial<WatchStart>, options?: Partial<WatchOptions>): OpenWatch;
}

interface WatchOptions {
  readonly sink: RecordingSink;
  readonly sessionId: string;
  readonly expiresAt: number;
}

export interface LiveReplicas {
  readonly one: LiveReplica;
  readonly two: LiveReplica;
  /** Database time. */
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Two replicas in one process: one database, one bus of hints, nothing else in common. */
export async function liveReplicas(
  options: { readonly slowestDrain?: number; readonly grace?: number; readonly heartbeat?: number } = {},
): Promise<LiveReplicas> {
  const { replicas, close } = await logOnSqlite();
  const bus = new EmbeddedHintBus();
  const clock = new Clock();

  const open = (database: (typeof replicas)[number], name: string): LiveReplica & { close(): Promise<void> } => {
    const troubles: unknown[] = [];
    const onTrouble = (error: unknown): void => void troubles.push(error);
    const listener = new (class extends CommitListener {
      hear: CommitListener['committed'] = () => undefined;
      override committed(...changes: Parameters<CommitListener['committed']>): void {
        this.hear(...changes);
      }
    })();
    const stored = new SqlConversationLog(database, { clock, adminPortalUrl: '', clientPortalUrl: '' }, listener);
    const log = new LaggingLog(stored);
    const hints = new UnrulyHints(new EmbeddedHints(bus, pino({ level: 'silent' })));
    const presenceDatabase = new TappedDatabase(database);
    const presence = new PresenceBoard(
      new SqlPresence(presenceDatabase, clock, name, 2 * HEARTBEAT_SECONDS),
      hints,
      onTrouble,
      options.grace,
    );
    const encoder = new ReadableEncoder();
    const hub = new Hub(log, hints, presence, encoder, onTrouble, options.slowestDrain);
    const heartbeat = new Heartbeat(
      hub,
      log,
      new SqlInbox(database),
      onTrouble,
      options.heartbeat ?? HEARTBEAT_SECONDS * 1_000,
    );
    listener.hear = (changes) => hub.committed(changes);
    hub.start();
    return {
      hub,
      heartbeat,
      desk: new Desk(stored),
      log,
      presenceDatabase,
      encoder,
      hints,
      troubles,
      watch(person, start = {}, { sink = new RecordingSink(), sessionId = newId(), expiresAt = Infinity } = {}) {
        const side = isAdmin(person) ? 'support' : 'client';
        const owner = { personId: person.id, role: person.role, side, sessionId, expiresAt } as const;
        return { sink, gone: hub.watch(owner, { epoch: '', cursors: [], inbox: false, ...start }, sink) };
      },
      close: async () => {
        await hub.close();
        await hints.close();
        await heartbeat.stop();
        await presence.close();
        await stored.close();
      },
    };
  };
  const one = open(replicas[0], 'replica-1');
  const two = open(replicas[1], 'replica-2');
  return {
    one,
    two,
    clock,
    close: async () => {
      await Promise.all([one.close(), two.close()]);
      await close();
    },
  };
}

/** A cursor of a page that holds nothing of a conversation, or all up to `afterSeq`. */
export function cursor(conversationId: string, afterSeq = 0): { conversationId: string; afterSeq: number } {
  return { conversationId, afterSeq };
}
