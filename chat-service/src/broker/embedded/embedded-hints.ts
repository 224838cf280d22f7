import type { Logger } from 'pino';
import { Hints, type Hint } from '../../live/hints.port.js';

/** What the replicas of one process share in place of a broker. */
export class EmbeddedHintBus {
  readonly listeners = new Set<{ hear(hint: Hint): void }>();
}

/**
 * Hints within one process: a single replica says them to nobody, several made on one `EmbeddedHintBus` hear each
 * other, each hint in a later turn of the event loop, as over a broker.
 */
export class EmbeddedHints extends Hints {
  readonly lost = 0;
  private readonly ear = { hear: (hint: Hint) => this.hear(hint) };
  private receive: ((hint: Hint) => void) | undefined;
  private closed = false;

  constructor(
    private readonly bus: EmbeddedHintBus,
    private readonly log: Logger,
  ) {
    super();
  }

  override publish(hint: Hint): void {
    if (this.closed) return;
    for (const listener of this.bus.listeners) {
      if (listener !== this.ear) setImmediate(() => listener.hear(hint));
    }
  }

  override listen(receive: (hint: Hint) => void): void {
    this.receive = receive;
    this.bus.listeners.add(this.ear);
  }

  override async close(): Promise<void> {
    this.closed = true;
    this.receive = undefined;
    this.bus.listeners.delete(this.ear);
    return Promise.resolve();
  }

  private hear(hint: Hint): void {
    try {
      this.receive?.(hint);
    } catch (error) {
      this.log.error({ err: error, hint: hint.kind }, 'a hint could not be handled');
    }
  }
}
