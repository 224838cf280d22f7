import type { Chat } from '@energy-chat/client';
import type { Entry } from '@energy-chat/contract/entry_pb.js';

/** The whole log of a conversation, page by page. */
export async function logOf(chat: Chat, conversationId: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let pageToken = ''; ;) {
    const from = pageToken === '' ? { position: { case: 'afterSeq', value: 0 } as const } : { pageToken };
    const page = await chat.listEntries({ conversationId, pageSize: 100, ...from });
    entries.push(...page.entries);
    pageToken = page.nextPageToken;
    if (pageToken === '') return entries;
  }
}
