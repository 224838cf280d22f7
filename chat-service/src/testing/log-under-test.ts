import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommitListener, type CommittedChange } from '../conversation/commit-listener.port.js';
import { Clock } from '../database/clock.js';
import type { Database } from '../database/database.js';
import { openEmbeddedDatabase } from '../database/embedded/embedded-database.js';
import type { LaneLimits } from '../database/lane.js';
import { openMysqlDatabase } from '../database/mysql/mysql-database.js';
import { SqlConversationLog, type CommitReport } from '../database/sql-conversation-log.js';
import { Desk } from './desk.js';
import { emptyMysqlDatabase } from './test-server.js';

/** An empty chat schema, as two replicas have it open. */
export interface LogDatabases {
  readonly replicas: readonly [Database, Database];
  close(): Promise<void>;
}

/** A SQLite file of its own, which only one process can have: both replicas share its connections. */
export async function logOnSqlite(): Promise<LogDatabases> {
  const directory = await mkdtemp(join(tmpdir(), 'energy-chat-log-'));
  const database = await openEmbeddedDatabase(directory);
  return {
    replicas: [database, database],
    close: async () => {
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A schema of its own on the MySQL test server, with connections for each replica. */
export async function logOnMysql(): Promise<LogDatabases & { readonly url: string }> {
  const { url, otherUrl, drop } = await emptyMysqlDatabase();
  const one = await openMysqlDatabase(url);
  const two = await openMysqlDatabase(otherUrl);
  return {
    url,
    replicas: [one, two],
    close: async () => {
      await Promise.all([one.close(), two.close()]);
      await drop();
    },
  };
}

/** Keeps what it hears. */
export class HeardCommits extends CommitListener {
  readonly changes: CommittedChange[] = [];

  committed(changes: readonly CommittedChange[]): void {
    this.changes.push(...changes);
  }
}

/** The log as one replica has it; `batches` are the sizes of those that were committed. */
export interface Replica {
  readonly log: SqlConversationLog;
  readonly desk: Desk;
  readonly clock: Clock;
  readonly heard: HeardCommits;
  readonly batches: readonly number[];
}

export function replicaOn(database: Database, options: { lanes?: number; limits?: LaneLimits } = {}): Replica {
  const clock = new Clock();
  const heard = new HeardCommits();
  const batches: number[] = [];
  const report = ({ requests }: CommitReport): void => void batches.push(requests);
  const log = new SqlConversationLog(
    database,
    { clock, adminPortalUrl: '', clientPortalUrl: '' },
    heard,
    report,
    options,
  );
  return { log, desk: new Desk(log), clock, heard, batches };
}

export interface TwoReplicas {
  readonly databases: LogDatabases;
  readonly here: Replica;
  readonly there: Replica;
}

/** One log as two replicas have it: what the suites of the log run on. */
export async function twoReplicas(open: () => Promise<LogDatabases>): Promise<TwoReplicas> {
  const databases = await open();
  return { databases, here: replicaOn(databases.replicas[0]), there: replicaOn(databases.replicas[1]) };
}

export async function closeReplicas({ databases, here, there }: TwoReplicas): Promise<void> {
  await here.log.close();
  await there.log.close();
  await databases.close();
}
