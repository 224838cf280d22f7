import { invalidField } from '../chat-error.js';
import type { ConversationLog } from './conversation-log.port.js';
import type { Entry } from './entry.js';
import { conversationNotFound } from './get-conversation.js';
import { checkedId, checkedPageSize } from './request-fields.js';

/** Where a page of history begins, exclusive, and which way it goes. */
export type HistoryPosition =
  { readonly direction: 'before'; readonly seq: number } | { readonly direction: 'after'; readonly seq: number };

/** Beyond any seq: the newest page lies before it. */
const NEWEST: HistoryPosition = { direction: 'before', seq: 2 ** 32 - 1 };

export interface HistoryPage {
  /** Ascending by seq. */
  readonly entries: Entry[];
  /** Empty when there is nothing more in this direction. */
  readonly nextPageToken: string;
  readonly epoch: string;
}

/** A page of a conversation's history, one range read. */
export class ListEntries {
  constructor(private readonly log: ConversationLog) {}

  async run(request: {
    conversationId: string;
    position: HistoryPosition | null;
    pageSize: number;
    pageToken: string;
  }): Promise<HistoryPage> {
    const id = checkedId('conversation_id', request.conversationId);
    const size = checkedPageSize(request.pageSize);
    const position = request.pageToken === '' ? (request.position ?? NEWEST) : fromToken(request.pageToken);
    // One more than asked for tells whether there is more.
    const [found, epoch] = await Promise.all([
      position.direction === 'before'
        ? this.log.entriesBefore(id, position.seq, size + 1)
        : this.log.entriesAfter(id, position.seq, size + 1),
      this.log.epoch(),
    ]);
    if (found.length === 0 && (await this.log.versions([id])).length === 0) throw conversationNotFound();
    const entries = position.direction === 'before' ? found.slice(-size) : found.slice(0, size);
    const edge = position.direction === 'before' ? entries[0] : entries.at(-1);
    const nextPageToken = found.length > size && edge !== undefined ? toToken({ ...position, seq: edge.seq }) : '';
    return { entries, nextPageToken, epoch };
  }
}

function toToken({ direction, seq }: HistoryPosition): string {
  return `${direction}-${seq}`;
}

function fromToken(token: string): HistoryPosition {
  const parts = /^(before|after)-(\d{1,10})$/.exec(token);
  if (parts === null) throw invalidField('page_token', 'use the token of the last answer, or none.');
  return { direction: parts[1] === 'before' ? 'before' : 'after', seq: Number(parts[2]) };
}
