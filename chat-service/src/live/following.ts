import type { Conversation } from '../conversation/conversation.js';
import type { LiveConversation } from './live-conversation.js';
import { Slot, type Watcher } from './watcher.js';

/** How far back the first entry of a case is looked for that was opened a moment ago, in entries. */
const FURTHEST_BACK = 100;

/** All that is open now is known: from here on a watch follows what its start asked for, and what stands is no news. */
export function beginFollowing(watcher: Watcher, open: Iterable<LiveConversation>): void {
  watcher.follows = watcher.start.follows;
  for (const live of open) {
    if (live.row !== undefined && watcher.follows?.(live.row) === true) join(watcher, live, live.row.lastSeq);
  }
}

/** A row is new here, and `before` was held until now: its conversation may have come to this watch. */
export function follow(watcher: Watcher, live: LiveConversation, before: Conversation | undefined): void {
  const { row } = live;
  if (row === undefined || watcher.follows?.(row) !== true) return;
  if ([...live.slots].some((slot) => slot.watcher === watcher)) return;
  // Whatever was open is held, so the case of a row that was not is younger than the watch.
  const cursor = before?.lastSeq ?? Math.max(row.firstSeq - 1, row.lastSeq - FURTHEST_BACK);
  const slot = join(watcher, live, cursor);
  if (before === undefined) slot.beginsWithCase = row.openCase?.id;
}

function join(watcher: Watcher, live: LiveConversation, cursor: number): Slot {
  const slot = new Slot(watcher, live, cursor);
  live.slots.add(slot);
  watcher.slots.push(slot);
  slot.mark();
  return slot;
}
