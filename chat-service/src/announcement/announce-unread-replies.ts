import type { Logger } from 'pino';
import { announceUnread } from '../conversation/announce-unread.js';
import type { ChangeRequest, ConversationLog } from '../conversation/conversation-log.port.js';
import { KeptLease, type LeaseTimes } from './kept-lease.js';
import type { UnreadReplies, UnreadReply, UnreadReplyTimes } from './unread-replies.port.js';

export interface LookTimes extends LeaseTimes {
  /** Between looks, in milliseconds. */
  readonly lookMs: number;
}

const TIMES: LookTimes = { leaseSeconds: 10, renewMs: 3_000, now: () => performance.now(), lookMs: 5_000 };

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
  private readonly times: LookTimes;
  private readonly lease: KeptLease;
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private inTrouble = false;

  constructor(
    private readonly replies: UnreadReplies,
    private readonly conversations: Pick<ConversationLog, 'change'>,
    private readonly due: UnreadReplyTimes,
    replica: string,
    private readonly log: Logger,
    times: Partial<LookTimes> = {},
  ) {
    this.times = { ...TIMES, ...times };
    const store = {
      take: (seconds: number) => replies.lease(replica, seconds),
      release: () => replies.release(replica),
    };
    this.lease = new KeptLease(store, () => undefined, log, this.times);
  }

  /** Whether this replica looks. */
  get holdsLease(): boolean {
    return this.lease.held;
  }

  start(): void {
    this.lease.start();
    this.lookLater();
  }

  /** Lets what is being written end and gives the lease to the next. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
    await this.lease.stop();
  }

  private lookLater(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => this.lookLater());
    }, this.times.lookMs);
  }

  private async look(): Promise<void> {
    try {
      await this.announceDue();
      this.inTrouble = false;
    } catch (error) {
      if (!this.inTrouble) this.log.warn({ err: error }, 'unread replies cannot be announced; it is tried again');
      this.inTrouble = true;
    }
  }

  private async announceDue(): Promise<void> {
    let after: UnreadReply | undefined;
    let failure: { readonly reason: unknown } | undefined;
    while (this.lease.held && !this.stopped) {
      const page: readonly UnreadReply[] = await this.replies.due(AT_ONCE, this.due, after);
      const changes = await Promise.allSettled(page.map((reply) => this.conversations.change(this.requestFor(reply))));
      failure ??= changes.find((change) => change.status === 'rejected');
      if (page.length < AT_ONCE) break;
      after = page.at(-1);
    }
    if (failure !== undefined) throw failure.reason;
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
