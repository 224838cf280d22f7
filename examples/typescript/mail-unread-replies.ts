/**
 * Mails clients who left and have not seen an answer:
 *
 *   RABBITMQ_URL=amqp://… SMTP_URL=smtp://… MAIL_FROM="Energy support <support@example.org>" \
 *     CLIENT_PORTAL_URL=https://my.example.org PLATFORM_DATABASE_URL=mysql://… PEOPLE_BY_ID="SELECT …, mail AS email …" \
 *     node examples/typescript/mail-unread-replies.ts
 *
 * The address is in the event, or in the column `email` of the people SELECT, which is the chat's own setting and runs
 * here by an account that can only SELECT. Who has none gets no mail. The chat announces an unread answer once, and
 * never its text.
 */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import { createTransport } from 'nodemailer';
import type { CloudEvent } from './cloud-event.ts';
import { listen } from './event-listener.ts';
import { setting } from './setting.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

const from = setting('MAIL_FROM', '"Energy support <support@example.org>"');
const portal = setting('CLIENT_PORTAL_URL', 'https://my.example.org');
const smtp = createTransport(setting('SMTP_URL', 'smtp://mail.example.org:587'));
const { PLATFORM_DATABASE_URL: databaseUrl, PEOPLE_BY_ID: peopleById } = process.env;
const platform = databaseUrl && peopleById ? { people: createPool(databaseUrl), sql: peopleById } : undefined;

await listen(
  setting('RABBITMQ_URL', 'amqp://mailer:secret@broker'),
  process.env['QUEUE'] ?? 'example.mail-unread-replies',
  ['energy.chat.reply.unread.v1'],
  mail,
);

/** Tries again for as long as it takes: the event stays in the queue meanwhile, and those behind it too. */
async function mail(event: CloudEvent): Promise<void> {
  const { client } = event.data;
  if (!isClient(client)) return console.error(`${event.id}: names no client`);
  for (let pause = FIRST_WAIT_MS; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
    try {
      return await mailTo(client, event.id);
    } catch (error) {
      if (isRefusal(error)) return console.error(`${event.id}: the address is refused: ${error.message}`);
      console.error(`${event.id}: trying again in ${pause} ms: ${String(error)}`);
      await wait(pause);
    }
  }
}

async function mailTo(client: Client, eventId: string): Promise<void> {
  const address = client.email ?? (await addressOf(client.id));
  if (address === undefined) return console.log(`${eventId}: no address`);
  await smtp.sendMail({
    from,
    to: { name: client.display_name, address },
    subject: 'Aveți un răspuns necitit / You have an unread answer',
    text: [
      `Bună ziua, ${client.display_name}.`,
      `Echipa de asistență v-a răspuns. Citiți răspunsul aici: ${portal}`,
      '',
      `Hello, ${client.display_name}.`,
      `Support has answered you. Read the answer here: ${portal}`,
    ].join('\n'),
    headers: { 'Auto-Submitted': 'auto-generated' },
    // The same whenever the event comes again, so that mailboxes show it once.
    messageId: `<${createHash('sha256').update(eventId).digest('hex')}@energy-chat>`,
  });
  console.log(`${eventId}: mailed`);
}

async function addressOf(clientId: string): Promise<string | undefined> {
  if (platform === undefined) return undefined;
  const [rows] = await platform.people.execute<RowDataPacket[]>(platform.sql, [clientId]);
  const email: unknown = rows[0]?.['email'];
  return typeof email === 'string' && email !== '' ? email : undefined;
}

interface Client {
  readonly id: string;
  readonly display_name: string;
  readonly email?: string;
}

function isClient(value: unknown): value is Client {
  return typeof value === 'object' && value !== null && 'id' in value && 'display_name' in value;
}

/** For good: 5yz of SMTP. Everything else may go better later. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && 'responseCode' in error && Number(error.responseCode) >= 500;
}
