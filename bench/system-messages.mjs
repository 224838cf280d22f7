import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectBroker } from 'amqplib';
import { createConnection } from 'mysql2/promise';
import { startRabbitmq } from '../scripts/services/rabbitmq.mjs';
import { connect } from './demo-callers.mjs';
import { startDeployment } from './deployment.mjs';
import { inWords, liveTalk, talkFor } from './live-talk.mjs';

const CLIENTS = 10_000;
const MOST_RECIPIENTS = 1_000;
const MESSAGES = 50_000;
const BEFORE_SECONDS = 10;
const LETTERS = 'energy.chat.dead-letters';

/**
 * A notice to 10,000 clients beside live chats, then 50,000 messages of which 1 % are bad and 5 % come twice, all by a real
 * RabbitMQ. Ends with an error unless every good one stands once and every bad one is a dead letter with its reason.
 */
export async function systemMessages() {
  const directory = await mkdtemp(join(tmpdir(), 'energy-chat-bench-'));
  const accounts = join(directory, 'service-accounts.json');
  const source = { shownName: 'Metering', recipientsPerHour: 10_000_000 };
  await writeFile(accounts, JSON.stringify({ sources: { metering: source }, accounts: [] }));
  const broker = await startRabbitmq();
  const deployment = await startDeployment({ RABBITMQ_URL: broker.url, SERVICE_ACCOUNTS_FILE: accounts });
  const client = connect(deployment.address);
  const program = await connectBroker(broker.url);
  const channel = await program.createConfirmChannel();
  const database = await createConnection(deployment.databaseUrl);
  try {
    const talk = await liveTalk(client);
    await addClients(database);
    await aNotice(channel, deployment, talk);
    await manyMessages(channel, deployment, database);
  } finally {
    await database.end();
    await program.close();
    client.close();
    await deployment.stop();
    await broker.close();
    await rm(directory, { recursive: true });
  }
}

async function aNotice(channel, deployment, talk) {
  const before = await talkFor(talk, BEFORE_SECONDS);
  for (let start = 0; start < CLIENTS; start += MOST_RECIPIENTS) {
    const recipients = Array.from({ length: MOST_RECIPIENTS }, (_, index) => ({ client_id: clientOf(start + index) }));
    publish(channel, event(`notice-${start}`, recipients));
  }
  await channel.waitForConfirms();
  const from = performance.now();
  const meanwhile = await talk(async () => (await deployment.figure('chat_notice_messages_total')) >= CLIENTS);
  const seconds = (performance.now() - from) / 1_000;
  console.log(
    `Notice on ${deployment.settings.version}: ${CLIENTS} recipients in ${seconds.toFixed(1)} s, ${(CLIENTS / seconds).toFixed(0)}/s; live sends before: ${inWords(before)}; meanwhile: ${inWords(meanwhile)}`,
  );
}

async function manyMessages(channel, deployment, database) {
  const expected = { good: 0, bad: {} };
  const from = performance.now();
  for (let number = 0; number < MESSAGES; number += 1) {
    const bad = number % 100 === 0 ? badOnes[(number / 100) % badOnes.length] : undefined;
    const good = event(`message-${number}`, [{ client_id: clientOf(number % CLIENTS) }]);
    const sent = bad === undefined ? good : bad.of(good);
    const times = number % 20 === 1 ? 2 : 1;
    for (let time = 0; time < times; time += 1) publish(channel, sent);
    if (bad === undefined) expected.good += 1;
    else expected.bad[bad.reason] = (expected.bad[bad.reason] ?? 0) + 1;
    if (number % 1_000 === 999) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  const [{ count: distinct }, total] = await written(database, expected.good);
  const seconds = (performance.now() - from) / 1_000;
  const letters = await lettersIn(
    channel,
    Object.values(expected.bad).reduce((sum, count) => sum + count, 0),
  );
  console.log(
    `System messages on ${deployment.settings.version}: ${MESSAGES} in ${seconds.toFixed(1)} s, ${(MESSAGES / seconds).toFixed(0)}/s; written ${total} of ${expected.good} good ones, ${total - distinct} twice; dead letters ${JSON.stringify(letters)}`,
  );
  const isRight =
    total === expected.good && distinct === total && JSON.stringify(letters) === JSON.stringify(sorted(expected.bad));
  if (!isRight) throw new Error(`Expected ${expected.good} once each, and ${JSON.stringify(sorted(expected.bad))}`);
}

/** Every way to be bad, and the reason that its dead letter has. */
const badOnes = [
  { reason: 'UNREADABLE', of: () => 'no JSON' },
  { reason: 'UNREADABLE', of: (good) => ({ ...good, data: { recipients: [] } }) },
  { reason: 'RECIPIENT_UNKNOWN', of: (good) => withData(good, { recipients: [{ login: 'nobody' }] }) },
  { reason: 'SOURCE_NOT_ALLOWED', of: (good) => ({ ...good, source: 'stranger' }) },
  { reason: 'TOO_LARGE', of: (good) => withData(good, { texts: { en: 'x'.repeat(300_000) } }) },
  { reason: 'INVALID_FIELD', of: (good) => withData(good, { link: 'http://example.com' }) },
  { reason: 'MESSAGE_TOO_LONG', of: (good) => withData(good, { texts: { en: 'x'.repeat(5_000) } }) },
];

const withData = (good, data) => ({ ...good, data: { ...good.data, ...data } });
const clientOf = (number) => `bench-${number}`;
const sorted = (counts) => Object.fromEntries(Object.entries(counts).sort());

function event(id, recipients) {
  const data = { recipients, texts: { en: 'Your meter is to be read next week.' } };
  return { specversion: '1.0', type: 'energy.chat.system-message.v1', source: 'metering', id, data };
}

function publish(channel, sent) {
  const body = Buffer.from(typeof sent === 'string' ? sent : JSON.stringify(sent));
  const properties = { persistent: true, contentType: 'application/cloudevents+json' };
  channel.publish('energy.chat.in', 'system-message', body, properties);
}

/** Copies of a client's conversation that nothing was written in, so that the chat knows as many clients. */
async function addClients(database) {
  const [[first]] = await database.query('SELECT * FROM conversation ORDER BY last_seq LIMIT 1');
  const columns = Object.keys(first);
  for (let start = 0; start < CLIENTS; start += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, index) => {
      const id = clientOf(start + index);
      return Object.values({ ...first, id, client_id: id });
    });
    await database.query(`INSERT INTO conversation (${columns.join(', ')}) VALUES ?`, [rows]);
  }
}

/** How many different messages stand, and how many in all, once all good ones do. */
async function written(database, good) {
  for (;;) {
    const [[row]] = await database.query(
      `SELECT COUNT(*) AS total, COUNT(DISTINCT request_id) AS count FROM entry
       WHERE kind = 'system_message' AND request_id LIKE 'message-%'`,
    );
    if (row.count >= good) return [row, row.total];
    await wait(500);
  }
}

/** Dead letters by reason. */
async function lettersIn(channel, expected) {
  const counts = {};
  for (let count = 0; count < expected;) {
    const message = await channel.get(LETTERS, { noAck: true });
    if (message === false) {
      await wait(100);
      continue;
    }
    const reason = String(message.properties.headers['chat-reason']);
    counts[reason] = (counts[reason] ?? 0) + 1;
    count += 1;
  }
  if ((await channel.checkQueue(LETTERS)).messageCount > 0)
    throw new Error('There are more dead letters than bad ones');
  return sorted(counts);
}
