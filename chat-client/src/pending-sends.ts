import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { ChatError } from './chat-error.js';
import { newRequestId } from './request-id.js';
import type { SendOptions } from './chat.js';

/** A message that its person has sent and that the thread does not show as an entry yet. */
export interface PendingSend {
  readonly requestId: string;
  readonly text: string;
  readonly topic: CaseTopic | undefined;
  /** `sent`: committed, its entry is on the way. `failed`: not in the log unless `error` is transient. */
  readonly state: 'sending' | 'sent' | 'failed';
  readonly error: ChatError | undefined;
}

/** May throw at once. */
export type SendMessage = (text: string, options: SendOptions) => Promise<Entry>;

/**
 * The messages of one person in one conversation on their way to the log, in the order they were sent in: one call at
 * a time, each tried with its request id until the service answers. A refused one stays as `failed` and the next goes
 * on. Kept in memory; what keeps them longer stands in front of `send`.
 */
export class PendingSends {
  private items: readonly PendingSend[] = [];
  private last: Promise<void> = Promise.resolve();
  private readonly control = new AbortController();

  constructor(
    private readonly sendMessage: SendMessage,
    private readonly changed: () => void,
  ) {}

  get list(): readonly PendingSend[] {
    return this.items;
  }

  /** `seen`: what the page shows now, when its person presses send. */
  send(text: string, topic: CaseTopic | undefined, seen: Pick<SendOptions, 'seenCase'>): PendingSend {
    const item: PendingSend = { requestId: newRequestId(), text, topic, state: 'sending', error: undefined };
    this.items = [...this.items, item];
    this.enqueue(item, seen);
    return item;
  }

  /** Tries a failed one again, as the person sees the conversation now. It goes after those that are on their way. */
  retry(requestId: string, seen: Pick<SendOptions, 'seenCase'>): void {
    const failed = this.items.find((item) => item.requestId === requestId && item.state === 'failed');
    if (failed === undefined) return;
    const item: PendingSend = { ...failed, state: 'sending', error: undefined };
    this.items = [...this.items.filter((other) => other !== failed), item];
    this.enqueue(item, seen);
  }

  /** Forgets a failed one. */
  discard(requestId: string): void {
    this.items = this.items.filter((item) => item.requestId !== requestId || item.state !== 'failed');
    this.changed();
  }

  /** The log shows it. */
  landed(requestId: string): void {
    if (this.items.every((item) => item.requestId !== requestId)) return;
    this.items = this.items.filter((item) => item.requestId !== requestId);
  }

  /** Ends the tries; what had no answer yet is `failed` with a transient error. */
  stop(): void {
    this.control.abort();
  }

  private enqueue(item: PendingSend, seen: Pick<SendOptions, 'seenCase'>): void {
    this.last = this.last.then(() => this.deliver(item, seen));
    this.changed();
  }

  private async deliver({ requestId, text, topic }: PendingSend, seen: Pick<SendOptions, 'seenCase'>): Promise<void> {
    try {
      await this.sendMessage(text, {
        ...seen,
        topic,
        requestId,
        signal: this.control.signal,
        deadlineMs: Number.POSITIVE_INFINITY,
      });
      this.update(requestId, { state: 'sent', error: undefined });
    } catch (failure) {
      this.update(requestId, { state: 'failed', error: ChatError.from(failure) });
    }
  }

  private update(requestId: string, change: Pick<PendingSend, 'state' | 'error'>): void {
    this.items = this.items.map((item) => (item.requestId === requestId ? { ...item, ...change } : item));
    this.changed();
  }
}
