/** RabbitMQ's frame, and amqplib's own buffer of 64 KiB, must hold them with all else. */
const MOST_BYTES = 16 * 1024;
const LONGEST_TEXT = 1_000;
const LONGEST_ATTRIBUTE = 1_000;

/**
 * Of a dead letter: those that the program sent, and why it is one. Headers that are too large would make a letter that
 * can never be published: then only the attributes of the CloudEvent are kept, and of them the short ones.
 */
export function letterHeaders(
  headers: Readonly<Record<string, unknown>>,
  reason: string,
  text: string,
): Record<string, unknown> {
  const ours = { 'chat-reason': reason, 'chat-text': text.slice(0, LONGEST_TEXT).toWellFormed() };
  if (sizeOf(headers) <= MOST_BYTES) return { ...headers, ...ours };
  const attributes = Object.entries(headers).filter(
    ([name, value]) => /^cloudEvents[:_]/.test(name) && typeof value === 'string' && value.length <= LONGEST_ATTRIBUTE,
  );
  const kept = Object.fromEntries(attributes);
  return { ...(sizeOf(kept) <= MOST_BYTES && kept), ...ours, 'chat-headers-dropped': true };
}

/** JSON is nowhere shorter than a third of what AMQP makes of it. */
function sizeOf(headers: Readonly<Record<string, unknown>>): number {
  return Buffer.byteLength(JSON.stringify(headers));
}
