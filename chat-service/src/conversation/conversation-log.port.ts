import type { Change, Conversation, Situation } from './conversation.js';
import type { Entry, EntryKind, Side } from './entry.js';
import type { CaseView } from './support-case.js';

/** One change of one conversation, as its author asks for it. */
export interface ChangeRequest {
  readonly conversationId: string;
  readonly authorId: string;
  /** Null for what is safe to repeat without one. */
  readonly requestId: string | null;
  /** Of the entry asked for; the same request id for another kind is refused. Null: no entry is asked for. */
  readonly kind: EntryKind | null;
  /** About how much it writes, in bytes. */
  readonly bytes: number;
  /** True for what may wait behind people's changes, as a notice to many. */
  readonly background?: boolean;
  /** Whether whoever asked has given up: what is not decided by then is not to happen any more. */
  readonly isGivenUp?: () => boolean;
  /** Which count of `Situation.unreadAfter` the decision may ask for; a seq beyond the head means the head. */
  readonly counts: { readonly side: Side; readonly afterSeq: number } | null;
  /** The entry that `Situation.target` and its neighbours speak of. */
  readonly targetSeq?: number;
  /** For `Situation.unreadNow`: how old the word of a Watch may be, in seconds of database time. */
  readonly asksUnread?: { readonly watchSeconds: number };
  /** The case that `Situation.namedCase` speaks of. */
  readonly caseId?: string;
  /**
   * Pure, and run as often as the log needs it. Null: what is asked for holds already. A ChatError refuses this change
   * and no other.
   */
  readonly decide: (situation: Situation) => Change | null;
}

/** What became of a change. */
export interface ChangeResult {
  /** The entry asked for: now written, or found from an earlier try; null where none was asked for or it held already. */
  readonly entry: Entry | null;
  /** The row after it. */
  readonly conversation: Conversation;
}

/**
 * The log of all conversations. It is the truth; everything live only hints at it.
 *
 * `change` answers when the change is committed, and not before; until then nobody sees anything of it. Changes of one
 * conversation are decided one after the other, on all replicas together. A change whose `(conversation, author,
 * request id)` was written before answers with that entry and writes nothing. Refusals are ChatErrors; NOT_FOUND when
 * there is no such conversation; UNAVAILABLE after 7 s without a commit, with an unknown outcome: the same request id
 * tells. Seqs are taken under the row's lock, so commit order is seq order: a reader of `seq > cursor` never skips.
 *
 * Reads see committed rows only. On a replica of the database they may lag behind a commit.
 */
export abstract class ConversationLog {
  abstract change(request: ChangeRequest): Promise<ChangeResult>;

  /** The client's conversation, made on first use; any number of callers at once get the same one. */
  abstract conversationOf(client: Conversation['client']): Promise<Conversation>;
  abstract conversationIdOf(clientId: string): Promise<string | undefined>;
  abstract conversations(ids: readonly string[]): Promise<Conversation[]>;
  /** The versions of those of `ids` that exist, by index alone where the engine can. */
  abstract versions(ids: readonly string[]): Promise<{ id: string; version: number }[]>;
  /** Ascending, at most `limit`, those with `seq > afterSeq`. */
  abstract entriesAfter(conversationId: string, afterSeq: number, limit: number): Promise<Entry[]>;
  /** Ascending, at most `limit`, the last of those with `seq < beforeSeq`. */
  abstract entriesBefore(conversationId: string, beforeSeq: number, limit: number): Promise<Entry[]>;
  /** A case of this conversation, open or closed. */
  abstract findCase(conversationId: string, caseId: string): Promise<CaseView | undefined>;
  /** Of this log: another after a restore from a backup. */
  abstract epoch(): Promise<string>;
  /** Ends when every change that was asked for has ended. Nothing may be asked for after. */
  abstract close(): Promise<void>;
}
