import { z } from 'zod';
import type { Hint } from '../live/hints.port.js';

const id = z.string().regex(/^[!-~]{1,64}$/);
const count = z.int().min(0);

/** Unknown kinds are refused: while replicas are replaced, old ones drop what only new ones know. */
const hint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('changed'), conversationId: id, version: count, seq: count }),
  z.object({
    kind: z.literal('typing'),
    conversationId: id,
    side: z.enum(['client', 'support']),
    personId: id,
    // 255 code points, as the table of people has them.
    displayName: z.string().max(510),
    forMs: count.max(60_000),
  }),
  z.object({ kind: z.literal('presence'), personId: id }),
]) satisfies z.ZodType<Hint>;

export function encodeHints(hints: readonly Hint[]): Buffer {
  return Buffer.from(JSON.stringify(hints));
}

/** The hints of one message that are well formed, and how many were not; a message that is no list counts as one. */
export function decodeHints(content: Buffer): { hints: Hint[]; malformed: number } {
  let list: unknown;
  try {
    list = JSON.parse(content.toString('utf8'));
  } catch {
    return { hints: [], malformed: 1 };
  }
  if (!Array.isArray(list)) return { hints: [], malformed: 1 };
  const hints = list.flatMap((item: unknown) => hint.safeParse(item).data ?? []);
  return { hints, malformed: list.length - hints.length };
}
