import type { Conversation } from './conversation.js';
import type { Entry } from './entry.js';

/** One conversation after a commit of this process, with the entries that the commit wrote, in seq order. */
export interface CommittedChange {
  readonly conversation: Conversation;
  readonly entries: readonly Entry[];
  /** True when announcements were written along. */
  readonly announced: boolean;
}

/**
 * Hears of every commit of this process, right after it and before its authors are answered. A hint only: an
 * implementation never throws, never waits, and must be right without it within one heartbeat.
 */
export abstract class CommitListener {
  abstract committed(changes: readonly CommittedChange[]): void;
}
