import { invalidField } from '../chat-error.js';
import type { Conversation } from '../conversation/conversation.js';
import { checkedPageSize } from '../conversation/request-fields.js';
import type { Person } from '../identity/caller.js';
import type { Inbox, InboxFilter, InboxPosition } from './inbox.port.js';

/** A page of one list of the inbox. */
export class ListConversations {
  constructor(private readonly inbox: Inbox) {}

  async run(
    admin: Person,
    request: { readonly filter: InboxFilter | undefined; readonly pageSize: number; readonly pageToken: string },
  ): Promise<{ conversations: Conversation[]; nextPageToken: string }> {
    const { filter, pageToken } = request;
    if (filter === undefined) throw invalidField('filter', 'say which list: waiting, mine, others or closed.');
    const size = checkedPageSize(request.pageSize);
    const after = pageToken === '' ? null : fromToken(pageToken);
    const { conversations, next } = await this.inbox.list(filter, admin.id, size, after);
    return { conversations, nextPageToken: next === null ? '' : `${next.rank}.${next.id}` };
  }
}

function fromToken(token: string): InboxPosition {
  const parts = /^(\d{1,16})\.([!-~]{1,64})$/.exec(token);
  const id = parts?.[2];
  if (id === undefined) throw invalidField('page_token', 'use the token of the last answer, or none.');
  return { rank: Number(parts?.[1]), id };
}
