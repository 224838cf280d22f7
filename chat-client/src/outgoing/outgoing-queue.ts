import { Code } from '@connectrpc/connect';
import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import type { Chat, SendOptions } from '../chat.js';
import { ChatError } from '../chat-error.js';
import { Listeners } from '../listeners.js';
import { Leadership } from '../tabs/leadership.js';
import { TabMark } from '../tabs/tab-mark.js';
import type { Tabs } from '../tabs/tabs.js';
import { Courier } from './courier.js';
import { OutgoingList } from './outgoing-list.js';
import type { OutgoingMessage } from './outgoing-message.js';
import type { OutgoingStore } from './outgoing-store.js';

/** A message that its person has sent and that the thread does not show as an entry yet. */
export interface PendingSend {
  readonly requestId: string;
  readonly text: string;
  readonly topic: CaseTopic | undefined;
  /** `sent`: committed, its entry is on the way. `failed`: refused; it stays until it is tried again or discarded. */
  readonly state: 'sending' | 'sent' | 'failed';
  readonly error: ChatError | undefined;
  /** It was written in this tab, not in another or before a reload. */
  readonly isFromThisTab: boolean;
}

export interface OutgoingListener {
  changed?(): void;
  /** The log has it at that seq, and the queue has let go of it. */
  answered?(conversationId: string, sent: PendingSend, seq: number): void;
}

export interface OutgoingQueueParts {
  readonly personId: string;
  readonly chat: Pick<Chat, 'sendMessage'>;
  /** Tells apart the portals of one origin. */
  readonly portal: string;
  readonly store: OutgoingStore | undefined;
  readonly tabs: Tabs | undefined;
}

/** Of one person. Each has at most 4,000 characters. */
const MOST_MESSAGES = 200;

type Shown = Pick<SendOptions, 'seenCase'>;

/**
 * What one person has sent and the service has not answered, at most 200 messages, in all tabs of a portal. They leave in
 * the order they were sent in, those of a conversation one at a time, each with its request id until the service answers:
 * so none is lost, doubled or overtaken. One tab sends for all, the one that came in front last; when it dies, the
 * next in line does. Two that send at a time, for a moment or where a browser has no locks, do no harm.
 */
export class OutgoingQueue {
  /** What the store had is here. */
  readonly loaded: Promise<void>;
  private readonly list: OutgoingList;
  private readonly courier: Courier;
  private readonly leadership: Leadership | undefined;
  /** There is something here that other tabs do not see. */
  private readonly unkept: TabMark | undefined;
  private readonly listeners = new Listeners<OutgoingListener>();
  private isActive = false;
  private isOver = false;

  constructor(private readonly parts: OutgoingQueueParts) {
    const { personId, chat, portal, store, tabs } = parts;
    const name = `energy-chat/${portal}/outgoing/${personId}`;
    this.list = new OutgoingList(
      { personId, store, channel: tabs?.openChannel(name) },
      {
        changed: () => this.changed(),
        answered: (message, seq) => this.answered(message, seq),
      },
    );
    this.courier = new Courier({
      list: this.list,
      send: ({ conversationId, text, topic, seenCase, requestId }, signal) =>
        chat.sendMessage(conversationId, text, {
          topic,
          seenCase,
          requestId,
          signal,
          deadlineMs: Number.POSITIVE_INFINITY,
        }),
      maySend: ({ requestId }) => this.maySend(requestId),
    });
    this.leadership =
      tabs && new Leadership(tabs.locks, name, { won: () => this.courier.run(), lost: () => this.courier.interrupt() });
    this.unkept = tabs && new TabMark(tabs.locks, `${name}/unkept`);
    this.loaded = this.list.read();
  }

  /** Of all conversations, also the failed ones. */
  get size(): number {
    return this.list.all.length;
  }

  /** Whether another tab has messages that the device did not take, and that are not in `size`. */
  async hasMoreElsewhere(): Promise<boolean> {
    return (await this.unkept?.isSetElsewhere()) ?? false;
  }

  /** Answers the way to stop listening. */
  listen(listener: OutgoingListener): () => void {
    return this.listeners.add(listener);
  }

  of(conversationId: string): readonly PendingSend[] {
    return this.list.all.flatMap((message) => (message.conversationId === conversationId ? this.pending(message) : []));
  }

  /**
   * `seenCase`: what the page shows now, when its person presses send. Throws QUEUE_FULL when 200 messages wait already,
   * and OTHER_PERSON when somebody else has signed in since.
   */
  send(
    conversationId: string,
    text: string,
    { topic, seenCase }: Pick<SendOptions, 'topic' | 'seenCase'>,
  ): PendingSend {
    if (this.isOver) throw new ChatError(Code.Unauthenticated, 'OTHER_PERSON', 'Somebody else has signed in.');
    if (this.size >= MOST_MESSAGES) {
      throw new ChatError(Code.ResourceExhausted, 'QUEUE_FULL', `${MOST_MESSAGES} messages wait to be sent already.`);
    }
    return this.pending(this.list.add({ conversationId, text, topic, seenCase: shownRevision({ seenCase }) }));
  }

  /** Tries a failed one again, as the person sees the conversation now. It goes after those that are on their way. */
  retry(requestId: string, seen: Shown): void {
    this.list.renew(requestId, shownRevision(seen));
  }

  /** Forgets a failed one. */
  discard(requestId: string): void {
    this.list.discard(requestId);
  }

  /** The log shows it, whatever the queue knows. */
  landed(requestId: string, seq: number): void {
    this.list.answered(requestId, seq);
  }

  /** Its person is signed in. */
  resume(): void {
    if (this.isActive || this.isOver) return;
    this.isActive = true;
    if (this.parts.tabs?.isVisible() === true) this.leadership?.take();
    else this.leadership?.queue();
    this.courier.run();
  }

  /** Its person is not signed in any more: everything waits. */
  pause(): void {
    this.isActive = false;
    this.leadership?.leave();
    this.courier.interrupt();
  }

  /** The page is in front again: the tab that sends may be asleep, and this one may have slept. */
  wake(): void {
    if (!this.isActive) return;
    void this.list.read();
    if (this.leadership?.isHeld === false) this.leadership.take();
    this.courier.hurry();
  }

  /** The device's network came or went. */
  networkChanged(): void {
    this.courier.hurry();
  }

  /** Ends this tab's part; the device keeps the messages for the next time. */
  close(): void {
    this.isOver = true;
    this.pause();
    this.list.close();
    this.unkept?.set(false);
  }

  private maySend(requestId: string): boolean {
    if (!this.isActive || !this.list.isLoaded || this.list.isBeingKept(requestId)) return false;
    return !this.list.isKept(requestId) || this.leadership === undefined || this.leadership.isHeld;
  }

  private changed(): void {
    this.unkept?.set(this.list.hasUnkept);
    this.listeners.tell((each) => each.changed?.());
    this.courier.run();
  }

  private answered(message: OutgoingMessage, seq: number): void {
    const sent: PendingSend = { ...this.pending(message), state: 'sent', error: undefined };
    this.listeners.tell((each) => each.answered?.(message.conversationId, sent, seq));
  }

  private pending({ requestId, text, topic, refusal }: OutgoingMessage): PendingSend {
    return {
      requestId,
      text,
      topic,
      state: refusal === undefined ? 'sending' : 'failed',
      error: refusal && new ChatError(refusal.code, refusal.reason, refusal.message, { facts: refusal.facts }),
      isFromThisTab: this.list.isFromThisTab(requestId),
    };
  }
}

function shownRevision({ seenCase }: Shown): OutgoingMessage['seenCase'] {
  return seenCase && { caseId: seenCase.caseId ?? '', revision: seenCase.revision ?? 0 };
}
