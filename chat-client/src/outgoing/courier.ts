import { Code } from '@connectrpc/connect';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { ChatError } from '../chat-error.js';
import type { OutgoingList } from './outgoing-list.js';
import type { OutgoingMessage } from './outgoing-message.js';

export interface CourierParts {
  readonly list: OutgoingList;
  /** Tries until the service answers or the signal is aborted. */
  readonly send: (message: OutgoingMessage, signal: AbortSignal) => Promise<Entry>;
  /** Its person is signed in, and it is this tab's turn to send it. */
  readonly maySend: (message: OutgoingMessage) => boolean;
}

/** Whoever wrote a message longer ago does not expect it to leave by itself any more, in milliseconds. */
const LONGEST_MS = 7 * 24 * 3_600_000;
/** A message that is tried for longer may be waiting for a connection that died, in milliseconds. */
const PATIENCE_MS = 2_000;

/**
 * Sends the messages of a list, those of one conversation one after the other: the next leaves when the one before was
 * answered. Conversations do not wait for each other.
 */
export class Courier {
  /** By conversation, since when its next message is being tried. */
  private readonly underWay = new Map<string, number>();
  private turn = new AbortController();

  constructor(private readonly parts: CourierParts) {}

  /** Call when there may be something to send that there was not before. */
  run(): void {
    for (const { conversationId } of this.parts.list.all) {
      if (!this.underWay.has(conversationId)) void this.serve(conversationId);
    }
  }

  /** Every message under way begins anew, if it may still be sent. */
  interrupt(): void {
    this.turn.abort();
    this.turn = new AbortController();
  }

  /** The page is in front again, or the network is: what is under way for long begins anew. */
  hurry(): void {
    const now = performance.now();
    if ([...this.underWay.values()].some((since) => now - since > PATIENCE_MS)) this.interrupt();
  }

  private async serve(conversationId: string): Promise<void> {
    for (;;) {
      const message = this.next(conversationId);
      if (message === undefined) break;
      this.underWay.set(conversationId, performance.now());
      await this.deliver(message);
    }
    this.underWay.delete(conversationId);
  }

  private next(conversationId: string): OutgoingMessage | undefined {
    const { list, maySend } = this.parts;
    const message = list.all.find((each) => each.conversationId === conversationId && each.refusal === undefined);
    return message !== undefined && maySend(message) ? message : undefined;
  }

  private async deliver(message: OutgoingMessage): Promise<void> {
    const { list, send } = this.parts;
    const { requestId } = message;
    const { signal } = this.turn;
    if (Date.now() - message.queuedAt > LONGEST_MS) {
      list.refuse(requestId, {
        code: Code.DeadlineExceeded,
        reason: 'TOO_OLD',
        message: 'It was written more than seven days ago.',
        facts: {},
      });
      return;
    }
    try {
      const { seq } = await send(message, signal);
      list.answered(requestId, seq);
    } catch (failure) {
      // Also at the end of a session: then it waits for its person to sign in again.
      if (signal.aborted) return;
      const { code, reason, message: text, facts } = ChatError.from(failure);
      list.refuse(requestId, { code, reason, message: text, facts });
    }
  }
}
