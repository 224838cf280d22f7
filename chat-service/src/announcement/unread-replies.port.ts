/** A run of unread entries that may be due. */
export interface UnreadReply {
  readonly conversationId: string;
  /** As of `UnreadRun.since`. */
  readonly since: number;
}

/** What makes a run due, in seconds of database time. */
export interface UnreadReplyTimes {
  /** How long the oldest entry must have been unread. */
  readonly unreadSeconds: number;
  /** How old the word of a Watch may be for it to count. */
  readonly watchSeconds: number;
}

/**
 * Which runs of unread entries may be announced, found by an index: at most `limit`, oldest first, behind `after` where
 * given; not yet announced, begun `unreadSeconds` ago or earlier, and of clients who hold no Watch. Whether one is to be
 * announced is decided under its conversation's lock: a run that was read meanwhile may be among them.
 *
 * `lease` and `release` as those of `Outbox`, for the one replica that looks. Each throws when the database is away.
 */
export abstract class UnreadReplies {
  abstract lease(replica: string, seconds: number): Promise<boolean>;
  abstract release(replica: string): Promise<void>;
  abstract due(limit: number, times: UnreadReplyTimes, after?: UnreadReply): Promise<UnreadReply[]>;
}
