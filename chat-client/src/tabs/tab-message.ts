import type { Conversation, Reset } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { PresenceNews, Typist, WatchStatus } from '../watch-listener.js';

/** Of two leaders the one of the higher term is right; terms compare by time, then by tab. */
export interface Term {
  readonly since: number;
  readonly tab: string;
}

/** What one tab's page watches, and how far it has come. */
export interface Wish {
  /** Grows with every wish of that tab. */
  readonly number: number;
  readonly epoch: string;
  readonly inbox: boolean;
  readonly cursors: readonly { readonly conversationId: string; readonly afterSeq: number }[];
}

/** What the leader's watch tells, as it is. */
export type WatchNews =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'conversation'; readonly row: Conversation }
  | { readonly kind: 'reset'; readonly reset: Reset }
  | { readonly kind: 'typing'; readonly typist: Typist; readonly typing: boolean }
  | { readonly kind: 'presence'; readonly news: PresenceNews }
  | { readonly kind: 'caughtUp'; readonly epoch: string }
  | { readonly kind: 'status'; readonly status: WatchStatus };

/** The leader's answer to a wish: how things stand in the conversations it names. */
export interface WatchState {
  /** Of the wish. */
  readonly number: number;
  readonly status: WatchStatus;
  readonly epoch: string;
  /** Nothing that the wish names is still to come; else `caughtUp` follows. */
  readonly isCaughtUp: boolean;
  readonly rows: readonly Conversation[];
  readonly typists: readonly Typist[];
  readonly presence: readonly PresenceNews[];
}

export type ToLeader =
  { readonly kind: 'wish'; readonly wish: Wish } | { readonly kind: 'ping' } | { readonly kind: 'wake' };

export type FromLeader =
  | { readonly kind: 'beat' }
  | { readonly kind: 'news'; readonly news: WatchNews }
  | { readonly kind: 'state'; readonly to: string; readonly state: WatchState }
  /** That tab's wish does not go together with the others': it watches on its own. */
  | { readonly kind: 'apart'; readonly to: string };

export interface FollowerMessage {
  readonly from: string;
  /** The latest term it has heard of: a leader has to be later. */
  readonly knows: Term | undefined;
  readonly toLeader: ToLeader;
}

export interface LeaderMessage {
  readonly term: Term;
  /** How many news this term has told: whoever counts otherwise has missed some. */
  readonly count: number;
  /** The leader's tab is in front. */
  readonly isVisible: boolean;
  readonly fromLeader: FromLeader;
}

export type TabMessage = FollowerMessage | LeaderMessage;

export function isLater(one: Term, other: Term): boolean {
  return one.since > other.since || (one.since === other.since && one.tab > other.tab);
}
