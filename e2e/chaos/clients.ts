import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Client } from '@connectrpc/connect';
import { ChatError, ConversationView } from '@energy-chat/client';
import { type Conversation, ConversationService } from '@energy-chat/contract/conversation_pb.js';
import type { Holder, Holding } from './holder.js';
import type { Participant } from './participant.js';
import type { Random } from './random.js';

/** A client of the utility, who writes into the own conversation and watches it. */
export interface ChattyClient extends Holder {
  /** Sends that have no answer yet. */
  readonly inFlight: number;
  readonly conversationId: string;
  send(): void;
  close(): void;
}

const TRY_MS = 8_000;
/** How often one try goes to two replicas at once, and how often a request is repeated after its answer. */
const TWICE_AT_ONCE = 0.03;
const ONCE_MORE = 0.02;
/** How often a page says again how far it had come a while ago, which must change nothing. */
const STALE_MARK = 0.1;
const MARK_EVERY_MS = 700;

/** Sends by hand, several at once, each try at a replica of its choice; the SDK watches. */
export class RawClient implements ChattyClient {
  private readonly services: readonly Client<typeof ConversationService>[];
  private readonly open = new Set<string>();
  private preferred = 0;
  private number = 0;
  private lastSeq = 0;
  private marked = 0;
  private row: Conversation | undefined;
  private isClosed = false;

  private constructor(
    private readonly participant: Participant,
    readonly conversationId: string,
    private readonly random: Random,
  ) {
    this.services = participant.transports.map((transport) => createClient(ConversationService, transport));
    participant.watch.listen({
      entry: ({ seq }) => (this.lastSeq = seq),
      reset: ({ afterSeq }) => (this.lastSeq = afterSeq),
      conversation: (row) => (this.row = row),
    });
  }

  static async begin(participant: Participant, random: Random): Promise<RawClient> {
    const { conversation, epoch } = await participant.chat.getMyConversation();
    const client = new RawClient(participant, conversation.id, random);
    participant.watch.watchConversation(conversation.id, 0, epoch);
    participant.watch.start();
    void client.mark();
    return client;
  }

  get who(): string {
    return this.participant.who;
  }

  get inFlight(): number {
    return this.open.size;
  }

  send(): void {
    this.number += 1;
    const requestId = `${this.who}-${this.number}`;
    this.open.add(requestId);
    void this.untilAnswered(requestId, `${this.who} #${this.number}`).finally(() => this.open.delete(requestId));
  }

  holdings(): Holding[] {
    return [{ conversation: this.conversationId, lastSeq: this.lastSeq, row: this.row }];
  }

  close(): void {
    this.isClosed = true;
    this.participant.close();
  }

  private async untilAnswered(requestId: string, text: string): Promise<void> {
    for (let tries = 0; !this.isClosed; tries += 1) {
      const place = this.preferred;
      try {
        if (this.random.chance(TWICE_AT_ONCE)) {
          await Promise.any([this.once(place, requestId, text), this.once(place + 1, requestId, text)]);
        } else await this.once(place, requestId, text);
        if (this.random.chance(ONCE_MORE)) void this.once(place + 1, requestId, 'other words').catch(() => undefined);
        return;
      } catch (failure) {
        const error = ChatError.from(failure instanceof AggregateError ? failure.errors[0] : failure);
        // What else the service says is for the checker to judge; who is signed out has no answer.
        const { session } = this.participant;
        if (!error.transient && error.reason !== 'TOKEN_EXPIRED' && session.me !== undefined) return;
        if (place === this.preferred) this.preferred += 1;
        await pause(Math.min(100 * 2 ** tries, error.retryAfterMs ?? 2_000) * this.random.between(0.5, 1));
      }
    }
  }

  private async once(place: number, requestId: string, text: string): Promise<void> {
    const service = this.services[place % this.services.length];
    const { token } = await this.participant.session.grant();
    const options = { headers: { authorization: `Bearer ${token}` }, timeoutMs: TRY_MS };
    await service?.sendMessage({ conversationId: this.conversationId, requestId, text }, options);
  }

  /** As a page that is in front: what has come was read. */
  private async mark(): Promise<void> {
    while (!this.isClosed) {
      await pause(MARK_EVERY_MS * this.random.between(0.5, 1.5));
      const isStale = this.random.chance(STALE_MARK);
      const seq = isStale ? Math.floor(this.marked / 2) : this.lastSeq;
      if (this.isClosed || seq === 0 || (!isStale && seq === this.marked)) continue;
      this.marked = Math.max(this.marked, seq);
      const marks = { conversationId: this.conversationId, deliveredSeq: seq, readSeq: Math.max(1, seq - 1) };
      await this.participant.chat.markProgress(marks).catch(() => undefined);
    }
  }
}

/** The SDK's own page: it sends one after another, keeps what is on its way, and marks what was read. */
export class PageClient implements ChattyClient {
  private readonly view: ConversationView;
  private number = 0;

  private constructor(
    private readonly participant: Participant,
    readonly conversationId: string,
  ) {
    const { chat, watch, session, outgoing } = participant;
    this.view = new ConversationView(conversationId, { chat, watch, session, outgoing }, () => this.look());
  }

  static async begin(participant: Participant): Promise<PageClient> {
    const { conversation } = await participant.chat.getMyConversation();
    participant.watch.start();
    const page = new PageClient(participant, conversation.id);
    await page.view.open();
    return page;
  }

  get who(): string {
    return this.participant.who;
  }

  get inFlight(): number {
    return this.view.pending.length;
  }

  send(): void {
    this.number += 1;
    this.view.send(`${this.who} #${this.number}`);
  }

  holdings(): Holding[] {
    return [{ conversation: this.conversationId, lastSeq: this.view.entries.at(-1)?.seq ?? 0, row: this.view.row }];
  }

  close(): void {
    this.view.close();
    this.participant.close();
  }

  private look(): void {
    const last = this.view.entries.at(-1);
    if (last !== undefined) this.view.seen(last.seq);
  }
}
