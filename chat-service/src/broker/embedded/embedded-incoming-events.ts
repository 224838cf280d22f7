import { setTimeout as wait } from 'node:timers/promises';
import {
  IncomingEvents,
  type DeadLetter,
  type IncomingEvent,
  type Verdict,
} from '../../system-message/incoming-events.port.js';

/**
 * Events of this process, for a deployment on a single machine that has no RabbitMQ. It keeps nothing: what was handed in
 * and not handled is gone with the process, as are its dead letters.
 */
export class EmbeddedIncomingEvents extends IncomingEvents {
  readonly letters: DeadLetter[] = [];
  private handle: ((event: IncomingEvent) => Promise<Verdict>) | undefined;
  private readonly waiting: IncomingEvent[] = [];
  private readonly inHand = new Set<Promise<void>>();
  private readonly closing = new AbortController();

  constructor(private readonly firstPauseMs = 1_000) {
    super();
  }

  override get buried(): number {
    return this.letters.length;
  }

  /** Hands an event in. */
  put(event: IncomingEvent): void {
    if (this.handle === undefined) this.waiting.push(event);
    else this.take(event, this.handle);
  }

  override listen(handle: (event: IncomingEvent) => Promise<Verdict>): void {
    this.handle = handle;
    for (const event of this.waiting.splice(0)) this.take(event, handle);
  }

  override async bury(letter: DeadLetter): Promise<void> {
    this.letters.push(letter);
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    this.closing.abort();
    this.handle = undefined;
    await Promise.all(this.inHand);
  }

  private take(event: IncomingEvent, handle: (event: IncomingEvent) => Promise<Verdict>): void {
    const work = this.until(event, handle).finally(() => this.inHand.delete(work));
    this.inHand.add(work);
  }

  private async until(event: IncomingEvent, handle: (event: IncomingEvent) => Promise<Verdict>): Promise<void> {
    const { signal } = this.closing;
    for (let pause = this.firstPauseMs; !signal.aborted; pause *= 2) {
      try {
        const verdict = await handle(event);
        if (verdict !== 'done') await this.bury(verdict);
        return;
      } catch {
        await wait(Math.min(pause, 30_000), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
