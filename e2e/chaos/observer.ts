import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Client } from '@connectrpc/connect';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { type Conversation, ConversationService, type WatchResponse } from '@energy-chat/contract/conversation_pb.js';
import type { Holder, Holding } from './holder.js';
import { SILENCE_MS, type Participant } from './participant.js';

/**
 * A watcher of its own making, not the SDK's: it believes every event, resumes from its cursors at the next replica
 * whenever a stream ends, and can stop reading for a while.
 */
export class Observer implements Holder {
  private readonly services: readonly Client<typeof ConversationService>[];
  private readonly cursors = new Map<string, number>();
  private readonly rows = new Map<string, Conversation>();
  private epoch = '';
  private isClosed = false;
  private control = new AbortController();
  private slow: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(
    private readonly participant: Participant,
    conversations: readonly string[],
  ) {
    this.services = participant.transports.map((transport) => createClient(ConversationService, transport));
    for (const conversation of conversations) this.cursors.set(conversation, 0);
    void this.watch();
  }

  get who(): string {
    return this.participant.who;
  }

  /** Takes nothing from the line until `read`. */
  stopReading(): void {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.slow = { over, end };
  }

  read(): void {
    this.slow?.end();
    this.slow = undefined;
  }

  holdings(): Holding[] {
    return Array.from(this.cursors, ([conversation, lastSeq]) => ({
      conversation,
      lastSeq,
      row: this.rows.get(conversation),
    }));
  }

  close(): void {
    this.isClosed = true;
    this.read();
    this.control.abort();
    this.participant.close();
  }

  private async watch(): Promise<void> {
    for (let place = 0; !this.isClosed; place += 1) {
      try {
        await this.once(place);
      } catch {
        // The history has it; it goes on elsewhere.
      }
      await pause(200);
    }
  }

  private async once(place: number): Promise<void> {
    const service = this.services[place % this.services.length];
    if (service === undefined) return;
    const grant = await this.participant.session.grant();
    this.control = new AbortController();
    const cursors = Array.from(this.cursors, ([conversationId, afterSeq]) => ({ conversationId, afterSeq }));
    const options = { headers: { authorization: `Bearer ${grant.token}` }, signal: this.control.signal };
    const end = (): void => this.control.abort();
    let silence = setTimeout(end, SILENCE_MS);
    try {
      for await (const response of service.watch({ epoch: this.epoch, cursors }, options)) {
        clearTimeout(silence);
        const delayMs = this.take(response);
        if (delayMs !== undefined) {
          await pause(delayMs);
          return;
        }
        await this.slow?.over;
        silence = setTimeout(end, SILENCE_MS);
      }
    } finally {
      clearTimeout(silence);
      end();
    }
  }

  /** Answers a time when the stream is to be left after it, in milliseconds. */
  private take({ event }: WatchResponse): number | undefined {
    if (event.case === 'entry') this.cursors.set(event.value.conversationId, event.value.seq);
    else if (event.case === 'reset') this.cursors.set(event.value.conversationId, event.value.afterSeq);
    else if (event.case === 'conversation') {
      const held = this.rows.get(event.value.id);
      if (held === undefined || held.version < event.value.version) this.rows.set(event.value.id, event.value);
    } else if (event.case === 'caughtUp') this.epoch = event.value.epoch;
    else if (event.case === 'goingAway') return event.value.delay === undefined ? 0 : durationMs(event.value.delay);
    else if (event.case === 'sessionEnding') return 0;
    return undefined;
  }
}
