import { newRequestId } from '../request-id.js';
import type { TabChannel } from '../tabs/tabs.js';
import { inOrder, type OutgoingMessage, type Refusal } from './outgoing-message.js';
import type { OutgoingStore } from './outgoing-store.js';

export interface OutgoingListEvents {
  /** Something was added, changed or left. */
  changed(): void;
  /** The log has this message at that seq; the list has let go of it. */
  answered(message: OutgoingMessage, seq: number): void;
}

export interface OutgoingListParts {
  readonly personId: string;
  /** Undefined: everything is in memory only. */
  readonly store: OutgoingStore | undefined;
  /** To the other tabs that show the same list; undefined: there are none. */
  readonly channel: TabChannel | undefined;
}

/** Raise it when TabNews changes: tabs of another build are no tabs of ours. */
const FORMAT = 1;

type TabNews = { readonly format: number } & (
  { readonly kind: 'changed' } | { readonly kind: 'answered'; readonly requestId: string; readonly seq: number }
);

/**
 * The outgoing messages of one person, the same in all tabs. The store is the truth, and what tabs tell each other makes
 * them read it again; only that a message was answered is told before the store lets go of it, so that no tab takes it
 * for discarded. What the store does not take lives in this tab, and as long as this tab.
 */
export class OutgoingList {
  private messages: readonly OutgoingMessage[] = [];
  /** Messages that the store does not have as they are here: a write is on its way, or was refused. */
  private readonly unkept = new Map<string, 'on its way' | 'refused'>();
  /** A read that began before the answer may still find them. */
  private readonly answeredIds = new Set<string>();
  private readonly ownIds = new Set<string>();
  private writes = 0;
  private reading: Promise<void> | undefined;
  private isStale = false;
  private isRead = false;
  private isOver = false;

  constructor(
    private readonly parts: OutgoingListParts,
    private readonly events: OutgoingListEvents,
  ) {
    parts.channel?.addEventListener('message', ({ data }) => this.heard(data));
  }

  /** In the order in which they leave. */
  get all(): readonly OutgoingMessage[] {
    return this.messages;
  }

  /** What the store had is here, or it refused to tell. */
  get isLoaded(): boolean {
    return this.isRead;
  }

  /** It was written in this tab, not in another or before a reload. */
  isFromThisTab(requestId: string): boolean {
    return this.ownIds.has(requestId);
  }

  /** Any tab may send it; else this one only. */
  isKept(requestId: string): boolean {
    return !this.unkept.has(requestId);
  }

  /** Should this tab die now, it may be lost: it is not sent before the store has it or has refused it. */
  isBeingKept(requestId: string): boolean {
    return this.unkept.get(requestId) === 'on its way';
  }

  /** Of some message the store does not have anything: it lives as long as this tab. */
  get hasUnkept(): boolean {
    return [...this.unkept.values()].includes('refused');
  }

  add(content: Pick<OutgoingMessage, 'conversationId' | 'text' | 'topic' | 'seenCase'>): OutgoingMessage {
    const { personId } = this.parts;
    const { conversationId, text, topic, seenCase } = content;
    const requestId = newRequestId();
    this.ownIds.add(requestId);
    const message = {
      requestId,
      personId,
      conversationId,
      text,
      topic,
      seenCase,
      queuedAt: this.now(),
      refusal: undefined,
    };
    void this.keep(message);
    return message;
  }

  /** It stays, until its person asks for it or discards it. */
  refuse(requestId: string, refusal: Refusal): void {
    const message = this.find(requestId);
    if (message !== undefined) void this.keep({ ...message, refusal });
  }

  /** A refused one is to be sent after all, as the last. */
  renew(requestId: string, seenCase: OutgoingMessage['seenCase']): void {
    const message = this.find(requestId);
    if (message?.refusal === undefined) return;
    void this.keep({ ...message, seenCase, queuedAt: this.now(), refusal: undefined });
  }

  /** Forgets a refused one. */
  discard(requestId: string): void {
    if (this.find(requestId)?.refusal === undefined) return;
    this.drop(requestId);
    void this.write((store) => store.remove(requestId));
    this.events.changed();
  }

  /** The log has it. */
  answered(requestId: string, seq: number): void {
    if (this.find(requestId) === undefined) return;
    this.say({ kind: 'answered', requestId, seq });
    this.letGo(requestId, seq);
    void this.write((store) => store.remove(requestId));
  }

  /** Takes over what the store has. One read at a time: whoever asks meanwhile gets the next. */
  read(): Promise<void> {
    this.isStale = true;
    this.reading ??= this.readWhileStale().finally(() => {
      this.reading = undefined;
      this.isRead = true;
      this.events.changed();
    });
    return this.reading;
  }

  /** Of this tab; the store keeps what it has. */
  close(): void {
    this.isOver = true;
    this.messages = [];
    this.parts.channel?.close();
  }

  private find(requestId: string): OutgoingMessage | undefined {
    return this.messages.find((message) => message.requestId === requestId);
  }

  /** Later than everything here, also when the clock was set back. */
  private now(): number {
    return Math.max(Date.now(), (this.messages.at(-1)?.queuedAt ?? 0) + 1);
  }

  private async keep(message: OutgoingMessage): Promise<void> {
    const { requestId } = message;
    this.messages = [...this.messages.filter((other) => other.requestId !== requestId), message].sort(inOrder);
    this.unkept.set(requestId, 'on its way');
    this.events.changed();
    const isTaken = await this.write((store) => store.put(message));
    if (this.find(requestId) !== message) return;
    if (isTaken) this.unkept.delete(requestId);
    else this.unkept.set(requestId, 'refused');
    this.events.changed();
  }

  private drop(requestId: string): void {
    this.messages = this.messages.filter((message) => message.requestId !== requestId);
    this.unkept.delete(requestId);
  }

  private letGo(requestId: string, seq: number): void {
    this.answeredIds.add(requestId);
    const message = this.find(requestId);
    if (message === undefined) return;
    this.drop(requestId);
    this.events.answered(message, seq);
    this.events.changed();
  }

  /** Answers whether the store did it; then the other tabs read it. */
  private async write(work: (store: OutgoingStore) => Promise<void>): Promise<boolean> {
    this.writes += 1;
    if (this.parts.store === undefined) return false;
    try {
      await work(this.parts.store);
    } catch {
      return false;
    }
    this.say({ kind: 'changed' });
    return true;
  }

  private async readWhileStale(): Promise<void> {
    const { store, personId } = this.parts;
    while (this.isStale && store !== undefined) {
      this.isStale = false;
      const { writes } = this;
      try {
        const kept = await store.load(personId);
        if (this.isOver) return;
        // What this tab has written meanwhile may not be in it.
        if (writes === this.writes) this.takeOver(kept);
        else this.isStale = true;
      } catch {
        return;
      }
    }
  }

  private takeOver(kept: readonly OutgoingMessage[]): void {
    const others = kept.filter(({ requestId }) => !this.answeredIds.has(requestId) && !this.unkept.has(requestId));
    const unkept = this.messages.filter(({ requestId }) => this.unkept.has(requestId));
    this.messages = [...others, ...unkept].sort(inOrder);
    const keptIds = new Set(kept.map(({ requestId }) => requestId));
    for (const requestId of this.answeredIds) if (!keptIds.has(requestId)) this.answeredIds.delete(requestId);
  }

  private heard(data: unknown): void {
    if (this.isOver || !isOfOurFormat(data)) return;
    if (data.kind === 'answered') this.letGo(data.requestId, data.seq);
    else void this.read();
  }

  private say(
    news: { readonly kind: 'changed' } | { readonly kind: 'answered'; requestId: string; seq: number },
  ): void {
    if (this.isOver) return;
    const wire: TabNews = { format: FORMAT, ...news };
    this.parts.channel?.postMessage(wire);
  }
}

/** Only this code, at this format, posts to this channel, and only from this origin. */
function isOfOurFormat(data: unknown): data is TabNews {
  return typeof data === 'object' && data !== null && 'format' in data && data.format === FORMAT;
}
