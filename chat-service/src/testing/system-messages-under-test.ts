import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedIncomingEvents } from '../broker/embedded/embedded-incoming-events.js';
import { readConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { createDemoPlatform } from '../database/embedded/demo-platform.js';
import { embeddedPlatform, PlatformDatabase } from '../database/platform-database.js';
import { PlatformPeople } from '../database/platform-people.js';
import { PlatformRecipients } from '../database/platform-recipients.js';
import { SqlLanguages } from '../database/sql-languages.js';
import { SqlNotices } from '../database/sql-notices.js';
import { SqlSourceQuota } from '../database/sql-source-quota.js';
import { DeliverSystemMessage } from '../system-message/deliver-system-message.js';
import { NoticeExpander, type ExpanderTimes } from '../system-message/notice-expander.js';
import { PublishSystemMessage } from '../system-message/publish-system-message.js';
import { ReceiveSystemMessage } from '../system-message/receive-system-message.js';
import type { Recipients } from '../system-message/recipients.port.js';
import type { Source } from '../system-message/service-accounts.js';
import type { SystemEvent } from '../system-message/system-event.js';
import { replicaOn, type LogDatabases } from './log-under-test.js';
import { memoryLog } from './memory-log.js';

/** What a test may send by: the second has a small quota. */
export const SOURCES: readonly Source[] = [
  { name: 'metering', shownName: 'Metering', recipientsPerHour: 100_000 },
  { name: 'trial', shownName: 'Trial', recipientsPerHour: 3 },
];

/** A message to the demo's client 4, unless told otherwise. */
export function systemEvent(changes: Partial<SystemEvent> = {}): SystemEvent {
  return {
    source: 'metering',
    eventId: 'event-1',
    recipients: [{ by: 'client_id', value: '4' }],
    texts: { en: 'Your reading is due.', ro: 'Trebuie citit contorul.' },
    severity: 'info',
    link: '',
    needsAttention: false,
    ...changes,
  };
}

/** System messages as one replica takes them, on the demo platform; only dead letters stay in the process. */
function replicaOf(database: Database, platform: PlatformDatabase, name: string) {
  const { log, desk, clock, batches } = replicaOn(database);
  const lines = memoryLog();
  const config = readConfig({ ROLE_MAP: '0=client,1=admin' });
  const isSystemName = (shown: string) => SOURCES.some(({ shownName }) => shownName === shown);
  const people = new PlatformPeople(platform, config, () => undefined, isSystemName);
  const languages = new SqlLanguages(database, clock);
  const notices = new SqlNotices(database, clock);
  const quota = new SqlSourceQuota(database, clock);
  const incoming = new EmbeddedIncomingEvents(1);
  const recipients: Recipients = new PlatformRecipients(people, platform, config);
  const deliver = new DeliverSystemMessage(log, recipients, languages, 'en');
  const expander = (times: Partial<ExpanderTimes> = {}) =>
    new NoticeExpander(notices, deliver, incoming, name, lines.log, { pollMs: 5, firstPauseMs: 5, ...times });
  const sources = { source: (source: string) => SOURCES.find(({ name: each }) => each === source) };
  const settings = { defaultLanguage: 'en', onNotice: () => undefined };
  const publish = new PublishSystemMessage(sources, quota, deliver, notices, settings);
  const receive = new ReceiveSystemMessage(publish, lines.log);
  return {
    log,
    desk,
    clock,
    batches,
    people,
    languages,
    notices,
    quota,
    recipients,
    incoming,
    deliver,
    expander,
    publish,
    receive,
  };
}

export async function systemMessagesOn({ replicas: [one, two], close }: LogDatabases) {
  const directory = await mkdtemp(join(tmpdir(), 'system-messages-'));
  const file = join(directory, 'platform.sqlite');
  await createDemoPlatform(file, 0);
  const platform = new PlatformDatabase(embeddedPlatform(file), () => undefined);
  return {
    one: replicaOf(one, platform, 'one'),
    two: replicaOf(two, platform, 'two'),
    database: one,
    close: async () => {
      await platform.close();
      await rm(directory, { recursive: true });
      await close();
    },
  };
}

export type SystemMessagesUnderTest = Awaited<ReturnType<typeof systemMessagesOn>>;
