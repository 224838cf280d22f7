import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { WatchResponseSchema, type WatchRequest, type WatchResponse } from '@energy-chat/contract/conversation_pb.js';

type Event = NonNullable<MessageInitShape<typeof WatchResponseSchema>['event']>;

/** One Watch as the in-memory service sees it. */
export class MemoryStream {
  /** It has caught up and hears of everything. */
  live = false;
  closed = false;
  readonly responses: AsyncGenerator<WatchResponse, void>;
  private readonly queue: WatchResponse[] = [];
  private failure: Error | undefined;
  private over = false;
  private losesNextEntry = false;
  private wake: () => void = () => undefined;
  private released: () => void = () => undefined;

  constructor(
    readonly request: WatchRequest,
    signal: AbortSignal,
  ) {
    this.responses = this.read();
    signal.addEventListener('abort', () => this.end());
  }

  watches(conversationId: string): boolean {
    return this.request.inbox || this.request.cursors.some((cursor) => cursor.conversationId === conversationId);
  }

  whenReleased(work: () => void): void {
    this.released = work;
  }

  /** A held stream catches up. */
  release(): void {
    this.released();
  }

  /** The next entry is missing on this stream. */
  loseNextEntry(): void {
    this.losesNextEntry = true;
  }

  heal(): void {
    this.losesNextEntry = false;
    this.released();
  }

  send(event: Event): void {
    if (event.case === 'entry' && this.losesNextEntry) {
      this.losesNextEntry = false;
      return;
    }
    this.queue.push(create(WatchResponseSchema, { event }));
    this.wake();
  }

  fail(error: Error): void {
    this.failure = error;
    this.end();
  }

  end(): void {
    this.over = true;
    this.closed = true;
    this.wake();
  }

  private async *read(): AsyncGenerator<WatchResponse, void> {
    for (;;) {
      const response = this.queue.shift();
      if (response !== undefined) yield response;
      else if (this.failure !== undefined) throw this.failure;
      else if (this.over) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
