import { signal } from '@angular/core';
import type { Chat } from '@energy-chat/client';
import type { GetCountsResponse } from '@energy-chat/contract/inbox_pb.js';

/** Counts are asked for again at most so often, in milliseconds. */
const INTERVAL_MS = 1_000;

/** How many conversations stand in each list, as the service last counted them: at once when wanted, then at intervals. */
export class InboxCounts {
  private readonly told = signal<GetCountsResponse | undefined>(undefined);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isWanted = false;
  private isStopped = false;

  /** Each up to 1,000; undefined until the first answer. */
  readonly latest = this.told.asReadonly();

  constructor(private readonly chat: Pick<Chat, 'getCounts'>) {}

  /** They may have changed. */
  want(): void {
    this.isWanted = true;
    if (this.timer === undefined) void this.ask();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    if (this.isStopped) return;
    this.isWanted = false;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isWanted) void this.ask();
    }, INTERVAL_MS);
    try {
      this.told.set(await this.chat.getCounts());
    } catch {
      // The counts before stay; the next change or reconnect asks again.
    }
  }
}
