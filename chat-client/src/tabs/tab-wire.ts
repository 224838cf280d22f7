import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ConversationSchema, ResetSchema } from '@energy-chat/contract/conversation_pb.js';
import { EntrySchema } from '@energy-chat/contract/entry_pb.js';
import type { FromLeader, LeaderMessage, FollowerMessage, TabMessage, WatchNews, WatchState } from './tab-message.js';

/** Tabs of another build may speak another format and are no tabs of ours: raise it when tab-message.ts changes. */
export const FORMAT = 1;

/** Messages of the contract cross as bytes: what the generated code keeps beside the fields is no part of the format. */
type WireNews =
  | { readonly kind: 'entry' | 'conversation' | 'reset'; readonly bytes: Uint8Array }
  | Exclude<WatchNews, { readonly kind: 'entry' | 'conversation' | 'reset' }>;
type WireState = Omit<WatchState, 'rows'> & { readonly rows: readonly Uint8Array[] };
type WireFromLeader =
  | Exclude<FromLeader, { readonly kind: 'news' | 'state' }>
  | { readonly kind: 'news'; readonly news: WireNews }
  | { readonly kind: 'state'; readonly to: string; readonly state: WireState };
type WireMessage = { readonly format: number } & (
  FollowerMessage | (Omit<LeaderMessage, 'fromLeader'> & { readonly fromLeader: WireFromLeader })
);

export function packed(message: TabMessage): unknown {
  const wire: WireMessage =
    'toLeader' in message
      ? { format: FORMAT, ...message }
      : { format: FORMAT, ...message, fromLeader: packedFromLeader(message.fromLeader) };
  return wire;
}

/** Undefined for what is not of our format. */
export function unpacked(data: unknown): TabMessage | undefined {
  if (!isOfOurFormat(data)) return undefined;
  return 'toLeader' in data ? data : { ...data, fromLeader: unpackedFromLeader(data.fromLeader) };
}

/** Only this code, at this format, posts to these channels, and only from this origin. */
function isOfOurFormat(data: unknown): data is WireMessage {
  return typeof data === 'object' && data !== null && 'format' in data && data.format === FORMAT;
}

function packedFromLeader(said: FromLeader): WireFromLeader {
  if (said.kind === 'news') return { ...said, news: packedNews(said.news) };
  if (said.kind !== 'state') return said;
  return { ...said, state: { ...said.state, rows: said.state.rows.map((row) => toBinary(ConversationSchema, row)) } };
}

function unpackedFromLeader(said: WireFromLeader): FromLeader {
  if (said.kind === 'news') return { ...said, news: unpackedNews(said.news) };
  if (said.kind !== 'state') return said;
  const rows = said.state.rows.map((bytes) => fromBinary(ConversationSchema, bytes));
  return { ...said, state: { ...said.state, rows } };
}

function packedNews(news: WatchNews): WireNews {
  switch (news.kind) {
    case 'entry':
      return { kind: news.kind, bytes: toBinary(EntrySchema, news.entry) };
    case 'conversation':
      return { kind: news.kind, bytes: toBinary(ConversationSchema, news.row) };
    case 'reset':
      return { kind: news.kind, bytes: toBinary(ResetSchema, news.reset) };
    default:
      return news;
  }
}

function unpackedNews(news: WireNews): WatchNews {
  switch (news.kind) {
    case 'entry':
      return { kind: news.kind, entry: fromBinary(EntrySchema, news.bytes) };
    case 'conversation':
      return { kind: news.kind, row: fromBinary(ConversationSchema, news.bytes) };
    case 'reset':
      return { kind: news.kind, reset: fromBinary(ResetSchema, news.bytes) };
    default:
      return news;
  }
}
