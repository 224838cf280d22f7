import type { Logger } from 'pino';
import { ChatError, isPassing } from '../chat-error.js';
import type { DeadLetter, IncomingEvent, Verdict } from './incoming-events.port.js';
import type { PublishSystemMessage } from './publish-system-message.js';
import { readCloudEvent, UnreadableEvent } from './read-cloud-event.js';

/** How often an event that our own code fails on is handled before it is a dead letter. */
const MOST_DEFECTS = 3;

/** Takes what comes by the broker: writes it, or says why it is a dead letter; throws while the trouble is ours. */
export class ReceiveSystemMessage {
  /** By event, which the adapter hands over again as it is. */
  private readonly defects = new WeakMap<IncomingEvent, number>();
  /** Those that were handled before: our own trouble must not use up a source's quota. */
  private readonly tried = new WeakSet<IncomingEvent>();

  constructor(
    private readonly publish: Pick<PublishSystemMessage, 'run'>,
    private readonly log: Logger,
  ) {}

  async run(event: IncomingEvent): Promise<Verdict> {
    const redelivered = event.redelivered || this.tried.has(event);
    this.tried.add(event);
    try {
      await this.publish.run(readCloudEvent(event), { kind: 'broker', redelivered });
      return 'done';
    } catch (error) {
      if (error instanceof UnreadableEvent) return deadLetter(event, error.code, error.message);
      if (isPassing(error)) throw error;
      if (error instanceof ChatError) return deadLetter(event, error.reason, error.message);
      return this.defect(event, error);
    }
  }

  private defect(event: IncomingEvent, error: unknown): DeadLetter {
    const times = (this.defects.get(event) ?? 0) + 1;
    this.defects.set(event, times);
    if (times < MOST_DEFECTS) throw error;
    this.log.error({ err: error }, 'a system message cannot be handled and goes to the dead letters');
    return deadLetter(
      event,
      'INTERNAL',
      'The chat failed on this event; its log says how. Replay it once that is mended.',
    );
  }
}

function deadLetter({ contentType, headers, body }: IncomingEvent, reason: string, text: string): DeadLetter {
  return { contentType, headers, body, reason, text };
}
