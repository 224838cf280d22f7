import type { ServerWritableStream } from '@grpc/grpc-js';
import { Observable, type Subscriber } from 'rxjs';
import type { ChatError } from '../chat-error.js';
import type { WatchSink } from '../live/watch-sink.js';

/** A server stream that carries bytes we encoded. */
export type EventCall = ServerWritableStream<unknown, Uint8Array>;

/**
 * A stream that writes to its call itself and waits for `drain`: what an Observable emits is queued by Nest without
 * limit. The Observable answered here emits nothing; it carries the end, and hears when the client has gone.
 */
export function callStream(call: EventCall, open: (sink: WatchSink) => () => void): Observable<never> {
  return new Observable<never>((subscriber) => open(new CallSink(call, subscriber)));
}

class CallSink implements WatchSink {
  constructor(
    private readonly call: EventCall,
    private readonly subscriber: Subscriber<never>,
  ) {}

  write(event: Uint8Array): boolean {
    return this.subscriber.closed || this.call.write(event);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.call.off('drain', done);
        this.call.off('close', done);
        this.call.off('cancelled', done);
        resolve();
      };
      this.call.once('drain', done);
      this.call.once('close', done);
      this.call.once('cancelled', done);
    });
  }

  end(error?: ChatError): void {
    if (error === undefined) this.subscriber.complete();
    else this.subscriber.error(error);
  }
}
