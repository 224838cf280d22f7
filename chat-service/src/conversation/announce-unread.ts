import { rowChange, type Change, type Situation } from './conversation.js';
import type { Micros } from './entry.js';

/**
 * Says once in a run that its oldest unread entry has waited for `after` microseconds while its client holds no Watch.
 * Null: it has not, or it was said.
 */
export function announceUnread({ conversation, now, unreadNow }: Situation, after: Micros): Change | null {
  const run = conversation.unreadRun;
  const unread = unreadNow();
  if (run === null || run.announcedSeq !== null || unread === undefined) return null;
  const { oldest, clientWatches } = unread;
  if (oldest === null) return rowChange(conversation, { unreadRun: null });
  const isDue = now - oldest.createdAt >= after;
  if (isDue && clientWatches) return null;
  // Not due: what it began with was read or removed, and the next look comes when the rest is.
  if (!isDue && run.since === oldest.createdAt) return null;
  return rowChange(conversation, {
    unreadRun: { since: oldest.createdAt, announcedSeq: isDue ? oldest.seq : null },
  });
}
