import type { Conversation } from '../conversation/conversation.js';
import type { GetMyConversation } from '../conversation/get-my-conversation.js';
import { type Caller, isAdmin } from '../identity/caller.js';
import type { Hub, WatchStart } from '../live/hub.js';
import type { Watch } from '../live/watch.js';
import type { WatchSink } from '../live/watch-sink.js';
import type { AuthorLogins } from './author-logins.js';
import { MessageSink } from './message-sink.js';

/** The first chat's streams: a watch from now on, of the own conversation or of what waits and one's own cases. */
export class ReceiveMessages {
  /** Open here, by person. */
  private readonly streams = new Map<string, number>();

  constructor(
    private readonly conversations: GetMyConversation,
    private readonly watch: Watch,
    private readonly hub: Pick<Hub, 'row'>,
    private readonly logins: AuthorLogins,
  ) {}

  /** Where this caller's stream begins: at the head, as there is no history. */
  async startFor(caller: Caller): Promise<WatchStart> {
    if (isAdmin(caller)) return { epoch: '', cursors: [], inbox: true, follows: (row) => concerns(caller, row) };
    const { conversation, epoch } = await this.conversations.run(caller);
    const cursor = { conversationId: conversation.id, afterSeq: conversation.lastSeq };
    return { epoch, cursors: [cursor], inbox: false };
  }

  /** `opened` is called once everything written from then on will come. Answers what to call when the client has gone. */
  run(caller: Caller, start: WatchStart, stream: WatchSink, opened: () => void): () => void {
    const sink = new MessageSink(stream, {
      opened,
      row: (conversationId) => this.hub.row(conversationId),
      loginOf: async (personId, displayName) =>
        personId === caller.id ? caller.login : this.logins.of(personId, displayName),
    });
    const gone = this.watch.run(caller, start, sink);
    this.count(caller.id, 1);
    return () => {
      this.count(caller.id, -1);
      gone();
    };
  }

  /** True while the person receives on this replica. */
  isOpenFor(personId: string): boolean {
    return this.streams.has(personId);
  }

  private count(personId: string, more: 1 | -1): void {
    const open = (this.streams.get(personId) ?? 0) + more;
    if (open > 0) this.streams.set(personId, open);
    else this.streams.delete(personId);
  }
}

/** Cases that wait, and the administrator's own. */
function concerns(admin: Caller, { openCase }: Conversation): boolean {
  return openCase !== null && (openCase.assignee === null || openCase.assignee.id === admin.id);
}
