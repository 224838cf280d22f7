import type { Conversation, Reset } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Side } from '@energy-chat/contract/person_pb.js';
import type { ChatError } from './chat-error.js';

/**
 * - `stopped`: before `start` and after `stop`.
 * - `connecting`: the first stream has not caught up yet.
 * - `live`: what the listener holds is what the log holds.
 * - `reconnecting`: the stream is lost; what arrives still counts.
 * - `offline`: the device has no network, or nothing was reached for a while. It goes on trying.
 * - `signed-out`: waits for somebody to sign in.
 */
export type WatchStatus = 'stopped' | 'connecting' | 'live' | 'reconnecting' | 'offline' | 'signed-out';

export interface Typist {
  readonly conversationId: string;
  readonly side: Side;
  readonly personId: string;
  readonly displayName: string;
}

/** Undefined: not known, because the line is lost. */
export type PresenceNews =
  | { readonly kind: 'support'; readonly available: boolean | undefined }
  | { readonly kind: 'client'; readonly conversationId: string; readonly online: boolean | undefined };

/**
 * What a watch tells. All methods are called in the order of the events and must return at once; one that throws
 * disturbs neither the stream nor other listeners.
 */
export interface WatchListener {
  /** The next entry of a watched conversation: in seq order, each once, none skipped, whatever happened to streams. */
  entry?(entry: Entry): void;
  /** A row of higher version than the one told before. */
  conversation?(conversation: Conversation): void;
  /** Somebody began to type, or stopped: by their own news, by their message or because no news came in time. */
  typing?(typist: Typist, typing: boolean): void;
  presence?(news: PresenceNews): void;
  /**
   * Everything missed has been told. An inbox loads its visible page again, because rows of conversations that are not
   * watched are never replayed; this also happens when one stream follows another without a loss.
   */
  caughtUp?(epoch: string): void;
  /** Forget the conversation's entries and load its newest page; entries go on after `afterSeq`. */
  reset?(reset: Reset): void;
  /** The service is still there. Among tabs only the one that holds the stream is told. */
  heartbeat?(): void;
  status?(status: WatchStatus): void;
  /**
   * The service refuses to watch what was asked for, for example somebody else's conversation. It is not tried again
   * until the page asks for something else.
   */
  refused?(error: ChatError): void;
}
