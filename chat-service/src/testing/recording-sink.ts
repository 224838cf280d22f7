import type { ChatError } from '../chat-error.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Entry, Side } from '../conversation/entry.js';
import { EventEncoder, type Signal } from '../live/event-encoder.port.js';
import type { WatchSink } from '../live/watch-sink.js';

/** An event as a page would read it. */
export type SeenEvent =
  | { readonly kind: 'entry'; readonly side: Side; readonly entry: Entry }
  | { readonly kind: 'row'; readonly row: Conversation }
  | Signal;

/** Events as JSON. Counts what it is asked to encode. */
export class ReadableEncoder extends EventEncoder {
  /** How often each entry was encoded, by side, conversation and seq. */
  readonly entries = new Map<string, number>();
  rows = 0;

  override entry(side: Side, entry: Entry): Uint8Array {
    const key = `${side} ${entry.conversationId} ${entry.seq}`;
    this.entries.set(key, (this.entries.get(key) ?? 0) + 1);
    return bytes({ kind: 'entry', side, entry });
  }

  override conversation(row: Conversation): Uint8Array {
    this.rows += 1;
    return bytes({ kind: 'row', row });
  }

  override signal(signal: Signal): Uint8Array {
    return bytes(signal);
  }
}

function bytes(event: SeenEvent): Uint8Array {
  return Buffer.from(JSON.stringify(event));
}

/** A stream that keeps what it is given and takes it as its test says. */
export class RecordingSink implements WatchSink {
  readonly events: SeenEvent[] = [];
  /** `slowly`: waits a turn of the event loop after each event. */
  takes: 'everything' | 'slowly' | 'nothing' = 'everything';
  /** Set once the stream was closed. */
  ending: { readonly error: ChatError | undefined } | undefined;
  /** Thrown by every write from now on. */
  broken: Error | undefined;
  private waiting: () => void = () => undefined;

  write(event: Uint8Array): boolean {
    if (this.broken !== undefined) throw this.broken;
    this.events.push(JSON.parse(Buffer.from(event).toString()) as SeenEvent);
    return this.takes === 'everything';
  }

  /** Never ends for a stream that was closed while full: a hub must not count on it. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.takes === 'slowly') setImmediate(resolve);
      else this.waiting = resolve;
    });
  }

  end(error?: ChatError): void {
    if (this.broken !== undefined) throw this.broken;
    this.ending = { error };
  }

  /** Lets what waits go on, and takes `takes` from now on. */
  drain(takes: RecordingSink['takes'] = 'everything'): void {
    this.takes = takes;
    this.waiting();
  }

  get isEnded(): boolean {
    return this.ending !== undefined;
  }

  /** The reason it was closed with. */
  get endReason(): string | undefined {
    return this.ending?.error?.reason;
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  of<Kind extends SeenEvent['kind']>(kind: Kind): Extract<SeenEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<SeenEvent, { kind: Kind }> => event.kind === kind);
  }

  seqs(conversationId?: string): number[] {
    return this.of('entry')
      .filter(({ entry }) => conversationId === undefined || entry.conversationId === conversationId)
      .map(({ entry }) => entry.seq);
  }

  rows(conversationId?: string): Conversation[] {
    return this.of('row').flatMap(({ row }) =>
      conversationId === undefined || row.id === conversationId ? [row] : [],
    );
  }

  get caughtUp(): boolean {
    return this.of('caught-up').length > 0;
  }
}
