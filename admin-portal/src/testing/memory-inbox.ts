import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { ChatError } from '@energy-chat/client';
import type { WatchListener } from '@energy-chat/client';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import {
  GetCountsResponseSchema,
  InboxFilter,
  ListConversationsResponseSchema,
} from '@energy-chat/contract/inbox_pb.js';
import { compareInInbox, filterOf } from '../inbox/inbox-order.js';
import type { InboxParts } from '../inbox/inbox-store.js';
import { MY_ID, row, type RowFacts } from './rows.js';

/** What the service answers an inbox, and what its Watch tells, in memory. */
export class MemoryInbox {
  private readonly conversations = new Map<string, Conversation>();
  private readonly listeners = new Set<WatchListener>();
  private readonly holds: (() => void)[] = [];
  private readonly tokens = new Map<string, Conversation>();
  private tokensMade = 0;
  isInboxWatched = false;
  /** Answers of ListConversations wait for `release`, as they were read. */
  holdsAnswers = false;
  /** What the next ListConversations is refused with. */
  refusal: ChatError | undefined;
  readonly asked: InboxFilter[] = [];

  readonly parts: InboxParts = {
    myId: MY_ID,
    watch: {
      listen: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      setInbox: (inbox) => {
        this.isInboxWatched = inbox;
      },
    },
    chat: {
      getCounts: async () =>
        create(GetCountsResponseSchema, {
          waiting: this.list(InboxFilter.WAITING).length,
          mine: this.list(InboxFilter.MINE).length,
          others: this.list(InboxFilter.OTHERS).length,
        }),
      listConversations: async ({ filter = InboxFilter.UNSPECIFIED, pageSize = 50, pageToken = '' }, limits) => {
        this.asked.push(filter);
        const { refusal } = this;
        this.refusal = undefined;
        if (refusal !== undefined) throw refusal;
        const after = this.tokens.get(pageToken);
        if (pageToken !== '' && after === undefined) {
          throw new ChatError(Code.InvalidArgument, 'INVALID_FIELD', 'page_token: use the token of the last answer.');
        }
        const all = this.list(filter).filter((each) => after === undefined || compareInInbox(each, after) > 0);
        const conversations = all.slice(0, pageSize);
        const nextPageToken = all.length > pageSize ? this.tokenAfter(conversations.at(-1)) : '';
        if (this.holdsAnswers) await new Promise<void>((resolve) => this.holds.push(resolve));
        limits?.signal?.throwIfAborted();
        return create(ListConversationsResponseSchema, { conversations, nextPageToken });
      },
    },
  };

  /** The service's own list, in order. */
  list(filter: InboxFilter): readonly Conversation[] {
    return [...this.conversations.values()]
      .filter((each) => filterOf(each, MY_ID) === filter)
      .toSorted((one, two) => compareInInbox(one, two));
  }

  /** Changes it on the service, and nobody is told. */
  store(facts: RowFacts): Conversation {
    const version = facts.version ?? (this.conversations.get(facts.id)?.version ?? 0) + 1;
    const stored = row({ ...facts, version });
    this.conversations.set(facts.id, stored);
    return stored;
  }

  /** Changes it on the service, and the Watch tells. */
  change(facts: RowFacts): void {
    const stored = this.store(facts);
    for (const each of this.listeners) each.conversation?.(stored);
  }

  tell(tell: (listener: WatchListener) => void): void {
    for (const each of this.listeners) tell(each);
  }

  caughtUp(epoch = 'one'): void {
    this.tell((each) => each.caughtUp?.(epoch));
  }

  /** Answers that were held go out. */
  release(): void {
    for (const go of this.holds.splice(0)) go();
  }

  /** As a new version of the service might. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  private tokenAfter(last: Conversation | undefined): string {
    if (last === undefined) return '';
    this.tokensMade += 1;
    const token = `token ${this.tokensMade}`;
    this.tokens.set(token, last);
    return token;
  }
}
