import { Availability } from '@energy-chat/contract/inbox_pb.js';
import type { Chat } from './chat.js';
import type { PageWatch } from './watch.js';

/**
 * Keeps an administrator available, or away, as they said last, from `start` to `stop`: says it again with each heartbeat
 * that this page hears, so that a page that is frozen or closed no longer counts. Among tabs, the one that holds the
 * stream says it. When the service is not reached, the next heartbeat says it.
 */
export class AvailabilityKeeper {
  private stopListening: (() => void) | undefined;
  private told: boolean | undefined;

  constructor(
    private readonly chat: Pick<Chat, 'setAvailability'>,
    private readonly watch: Pick<PageWatch, 'listen'>,
    /** Called with what stands, whenever that is known anew. */
    private readonly changed: (isAvailable: boolean) => void = () => undefined,
  ) {}

  start(): void {
    const say = (): void => void this.say(Availability.UNSPECIFIED).catch(() => undefined);
    this.stopListening ??= this.watch.listen({ caughtUp: say, heartbeat: say });
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }

  /** From now on, on all pages of this person. Throws ChatError when the service cannot be told. */
  async set(isAvailable: boolean): Promise<void> {
    await this.say(isAvailable ? Availability.AVAILABLE : Availability.AWAY);
  }

  private async say(availability: Availability): Promise<void> {
    const stands = (await this.chat.setAvailability(availability)) === Availability.AVAILABLE;
    if (this.told === stands) return;
    this.told = stands;
    this.changed(stands);
  }
}
