import type { Logger } from 'pino';
import { announceUnread } from '../conversation/announce-unread.js';
import type { ChangeRequest, ConversationLog } from '../conversation/conversation-log.port.js';
import { LeasedWork, WORK_TIMES, type WorkTimes } from '../lease/leased-work.js';
import type { UnreadReplies, UnreadReply, UnreadReplyTimes } from './unread-replies.port.js';

/** Between looks, in milliseconds. */
const POLL = 5_000;

/** Changes asked for at once: a notice that thousands left unread must not crowd out chats. */
const AT_ONCE = 32;

/**
 * Announces replies that clients have left unread, on one replica at a time.
 *
 * It finds which runs may be due, and each is decided and written to the outbox by a change of its conversation, under
 * the row's lock. So two that look at once, a crash at any point, or a client who reads meanwhile double nothing and
 * announce nothing that is not so. A run that cannot be changed holds up no other, and is looked at again.
 */
export class AnnounceUnreadReplies {
  private readonly work: LeasedWork;

  constructor(
    private readonly replies: UnreadReplies,
    private readonly conversations: Pick<ConversationLog, 'change'>,
    private readonly due: UnreadReplyTimes,
    replica: string,
    log: Logger,
    times: Partial<WorkTimes> = {},
  ) {
    const work = {
      round: () => this.announceDue(),
      trouble: 'unread replies cannot be announced; it is tried again',
    };
    this.work = new LeasedWork(replies, replica, work, log, { ...WORK_TIMES, pollMs: POLL, ...times });
  }

  /** Whether this replica looks. */
  get holdsLease(): boolean {
    return this.work.held;
  }

  start(): void {
    this.work.start();
  }

  /** Lets what is being written end and gives the lease to the next. */
  stop(): Promise<void> {
    return this.work.stop();
  }

  private async announceDue(): Promise<boolean> {
    let after: UnreadReply | undefined;
    let failure: { readonly reason: unknown } | undefined;
    while (this.work.mayGoOn) {
      const page: readonly UnreadReply[] = await this.replies.due(AT_ONCE, this.due, after);
      const changes = await Promise.allSettled(page.map((reply) => this.conversations.change(this.requestFor(reply))));
      failure ??= changes.find((change) => change.status === 'rejected');
      if (page.length < AT_ONCE) break;
      after = page.at(-1);
    }
    if (failure !== undefined) throw failure.reason;
    return false;
  }

  private requestFor({ conversationId }: UnreadReply): ChangeRequest {
    const { unreadSeconds, watchSeconds } = this.due;
    return {
      conversationId,
      authorId: 'system:unread-replies',
      requestId: null,
      kind: null,
      bytes: 64,
      counts: null,
      asksUnread: { watchSeconds },
      decide: (situation) => announceUnread(situation, unreadSeconds * 1_000_000),
    };
  }
}
