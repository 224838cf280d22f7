/** One event as the chat sends and takes it: CloudEvents 1.0 in structured mode. proto/asyncapi.yaml says more. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** Together with `source` it names the event for ever: whoever sees it again has seen it. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly datacontenttype?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const CLOUD_EVENT_MEDIA_TYPE = 'application/cloudevents+json';

/** Undefined when the bytes are no event. */
export function readCloudEvent(content: Buffer): CloudEvent | undefined {
  try {
    const event: unknown = JSON.parse(content.toString('utf8'));
    return isCloudEvent(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

function isCloudEvent(value: unknown): value is CloudEvent {
  return (
    isObject(value) &&
    ['id', 'source', 'type'].every((name) => typeof value[name] === 'string') &&
    value['specversion'] === '1.0' &&
    isObject(value['data'])
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
