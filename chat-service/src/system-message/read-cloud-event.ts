import { z } from 'zod';
import type { IncomingEvent } from './incoming-events.port.js';
import type { Recipient, SystemEvent } from './system-event.js';

/** The one type of event that is taken. */
export const SYSTEM_MESSAGE_TYPE = 'energy.chat.system-message.v1';

/** The largest body, in bytes. */
const LARGEST = 256 * 1024;

/** An event that is no system message: `code` and `message` go onto the dead letter. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';

  constructor(
    readonly code: 'UNREADABLE' | 'TOO_LARGE',
    message: string,
  ) {
    super(message);
  }
}

/** The platform's ids are numbers in its own services; one beyond 2^53 must come as text. */
const id = z.union([z.string(), z.int().transform(String)]);
const recipient = z.union([
  z.strictObject({ client_id: id }),
  z.strictObject({ login: z.string() }),
  z.strictObject({ device_id: id }),
]);

/** The event's data, as proto/asyncapi.yaml publishes it. */
const dataShape = z.strictObject({
  recipients: z.array(recipient),
  texts: z.record(z.string(), z.string()),
  severity: z.enum(['info', 'warning', 'critical']).default('info'),
  link: z.string().default(''),
  needs_attention: z.boolean().default(false),
});

const attributes = z.looseObject({
  specversion: z.literal('1.0'),
  type: z.literal(SYSTEM_MESSAGE_TYPE),
  source: z.string(),
  id: z.string(),
});
const structured = z.looseObject({ ...attributes.shape, data: z.unknown() });

/**
 * A CloudEvent 1.0 over AMQP, in structured mode (one JSON object) or binary mode (attributes in headers that begin with
 * `cloudEvents:` or `cloudEvents_`, data as the body):
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md. JSON that holds a JSON
 * text, as Spring's converter makes of a String, is decoded twice. Throws UnreadableEvent.
 */
export function readCloudEvent({ headers, body }: Pick<IncomingEvent, 'headers' | 'body'>): SystemEvent {
  if (body.length > LARGEST) {
    throw new UnreadableEvent('TOO_LARGE', `An event has at most ${LARGEST} bytes, this one has ${body.length}.`);
  }
  const inHeaders = attributesIn(headers);
  const json = jsonOf(body);
  const {
    source,
    id: eventId,
    data,
  } = 'specversion' in inHeaders
    ? { ...parsed(attributes, inHeaders, 'headers'), data: json }
    : parsed(structured, json, 'event');
  const { recipients, needs_attention: needsAttention, ...rest } = parsed(dataShape, decoded(data), 'data');
  return { source, eventId, recipients: recipients.map(toRecipient), needsAttention, ...rest };
}

function attributesIn(headers: IncomingEvent['headers']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const attribute = /^cloudEvents[:_](.+)$/.exec(name)?.[1];
      return attribute === undefined ? [] : [[attribute, value]];
    }),
  );
}

/** Strict: what is no UTF-8 would reach clients as signs of replacement. */
function jsonOf(body: Buffer): unknown {
  try {
    return decoded(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    throw new UnreadableEvent('UNREADABLE', 'The body is not JSON in UTF-8.');
  }
}

/** Decodes once more what holds JSON in a text. */
function decoded(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function parsed<T>(shape: z.ZodType<T>, value: unknown, where: string): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`);
  throw new UnreadableEvent('UNREADABLE', problems.slice(0, 5).join('; '));
}

function toRecipient(named: z.infer<typeof recipient>): Recipient {
  if ('client_id' in named) return { by: 'client_id', value: named.client_id };
  return 'login' in named ? { by: 'login', value: named.login } : { by: 'device_id', value: named.device_id };
}

/** The same event for fewer recipients, in structured mode: what a dead letter holds of a notice. */
export function cloudEventFor(event: SystemEvent): Pick<IncomingEvent, 'contentType' | 'headers' | 'body'> {
  const { source, eventId, recipients, needsAttention, texts, severity, link } = event;
  const data = {
    recipients: recipients.map(({ by, value }) => ({ [by]: value })),
    texts,
    severity,
    link,
    needs_attention: needsAttention,
  };
  const cloudEvent = {
    specversion: '1.0',
    type: SYSTEM_MESSAGE_TYPE,
    source,
    id: eventId,
    datacontenttype: 'application/json',
    data,
  };
  return {
    contentType: 'application/cloudevents+json',
    headers: {},
    body: Buffer.from(JSON.stringify(cloudEvent)),
  };
}
