import type { Conversation } from '../conversation/conversation.js';
import type { ResetReason } from './event-encoder.port.js';

/** Further behind than this, a page is told to reload instead of being read to. */
const FURTHEST_BEHIND = 1_000;

/** Why a page that holds all up to `cursor` has to reload this conversation; undefined: it can be read to from there. */
export function resetReason(cursor: number, row: Conversation): ResetReason | undefined {
  if (cursor > row.lastSeq) return 'beyond-head';
  if (cursor + 1 < row.firstSeq) return 'below-first';
  return row.lastSeq - cursor > FURTHEST_BEHIND ? 'too-far-behind' : undefined;
}
