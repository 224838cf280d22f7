/**
 * Prints what the chat announces, one line an event:
 *
 *   RABBITMQ_URL=amqp://… node examples/typescript/listen.ts energy.chat.case.opened.v1
 *
 * Without a type it prints all of them.
 */
import { listen } from './event-listener.ts';
import { setting } from './setting.ts';

const types = process.argv.slice(2);
await listen(
  setting('RABBITMQ_URL', 'amqp://crm:secret@broker'),
  process.env['QUEUE'] ?? 'example.listener',
  types.length > 0 ? types : ['energy.chat.#'],
  ({ id, type, data }) => console.log(JSON.stringify({ id, type, data })),
);
