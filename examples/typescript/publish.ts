/**
 * Publishes one system message to clients:
 *
 *   RABBITMQ_URL=amqp://… node examples/typescript/publish.ts --source billing --client 7 \
 *     --text en="Your bill is ready." --text ro="Factura dumneavoastră este gata."
 *
 * A recipient is `--client ID`, `--login LOGIN` or `--device ID`, up to 1,000 of them. `--id` names the message: publish
 * again with the same id after a failure, and nobody gets it twice.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { connect } from 'amqplib';
import { CLOUD_EVENT_MEDIA_TYPE, type CloudEvent } from './cloud-event.ts';
import { setting } from './setting.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string', default: 'billing' },
    id: { type: 'string', default: randomUUID() },
    client: { type: 'string', multiple: true, default: [] },
    login: { type: 'string', multiple: true, default: [] },
    device: { type: 'string', multiple: true, default: [] },
    text: { type: 'string', multiple: true, default: [] },
    severity: { type: 'string', default: 'info' },
    link: { type: 'string' },
    'needs-attention': { type: 'boolean', default: false },
  },
});

const event: CloudEvent = {
  specversion: '1.0',
  id: values.id,
  // One of those that the operator has configured: it gives the name that clients see.
  source: values.source,
  type: 'energy.chat.system-message.v1',
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  data: {
    recipients: [
      ...values.client.map((id) => ({ client_id: id })),
      ...values.login.map((login) => ({ login })),
      ...values.device.map((id) => ({ device_id: id })),
    ],
    texts: Object.fromEntries(
      values.text.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    severity: values.severity,
    ...(values.link !== undefined && { link: values.link }),
    needs_attention: values['needs-attention'],
  },
};

const connection = await connect(setting('RABBITMQ_URL', 'amqp://billing:secret@broker'));
// Without confirms a message may be lost on the way and nobody would know.
const channel = await connection.createConfirmChannel();
let isTaken = true;
// The broker confirms what no queue takes, too: it gives it back first.
channel.on('return', () => (isTaken = false));
channel.publish('energy.chat.in', 'system-message', Buffer.from(JSON.stringify(event)), {
  contentType: CLOUD_EVENT_MEDIA_TYPE,
  messageId: event.id,
  persistent: true,
  mandatory: true,
});
await channel.waitForConfirms();
await connection.close();
if (isTaken) {
  console.log(`published ${event.id}`);
} else {
  console.error(`No queue took ${event.id}: is the chat running on this broker? Publish again with --id ${event.id}`);
  process.exitCode = 1;
}
