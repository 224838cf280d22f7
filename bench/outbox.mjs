import { setTimeout as wait } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { startRabbitmq } from '../scripts/services/rabbitmq.mjs';
import { connect } from './demo-callers.mjs';
import { startDeployment } from './deployment.mjs';
import { inWords, liveTalk, talkFor } from './live-talk.mjs';

const ROWS = 100_000;
const ROWS_AT_ONCE = 1_000;
const BEFORE_SECONDS = 10;
const TYPE = 'energy.chat.case.opened.v1';

/** How fast a backlog of 100,000 announcements leaves to a real RabbitMQ, and what live sends notice of it. */
export async function outbox() {
  const broker = await startRabbitmq();
  const deployment = await startDeployment({ RABBITMQ_URL: broker.url });
  try {
    const client = connect(deployment.address);
    const talk = await liveTalk(client);
    const before = await talkFor(talk, BEFORE_SECONDS);

    await broker.stop();
    await fill(deployment.databaseUrl);
    const relayedBefore = await deployment.figure('chat_announcements_total');
    await broker.start();
    while ((await deployment.figure('chat_announcements_total')) === relayedBefore) await wait(20);
    const from = performance.now();
    const meanwhile = await talk(async () => (await deployment.figure('chat_outbox_backlog')) === 0);
    const seconds = (performance.now() - from) / 1_000;
    console.log(
      `Outbox on ${deployment.settings.version}: ${ROWS} announcements left in ${seconds.toFixed(1)} s, ${(ROWS / seconds).toFixed(0)} rows/s; live sends before: ${inWords(before)}; meanwhile: ${inWords(meanwhile)}`,
    );
    client.close();
  } finally {
    await deployment.stop();
    await broker.close();
  }
}

/** New chats that nobody could be told of, two of each client. */
async function fill(url) {
  const connection = await createConnection(url);
  for (let start = 0; start < ROWS; start += ROWS_AT_ONCE) {
    const rows = Array.from({ length: ROWS_AT_ONCE }, (_, index) => {
      const number = start + index;
      const [conversation, seq] = [`bench-${Math.floor(number / 2)}`, (number % 2) + 1];
      const event = {
        id: `${conversation}/${seq}/case_opened`,
        type: TYPE,
        subject: conversation,
        time: '2026-11-18T11:06:40.123456Z',
        data: { conversation_id: conversation, client: { id: '42', login: 'mara', display_name: 'Mara Lindqvist' } },
      };
      return [conversation, seq, 'case_opened', TYPE, Date.now() * 1_000, JSON.stringify(event)];
    });
    await connection.query('INSERT INTO outbox (conversation_id, seq, kind, type, created_at, event) VALUES ?', [rows]);
  }
  await connection.end();
}
