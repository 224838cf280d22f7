import { setTimeout as wait } from 'node:timers/promises';
import type { ConversationLog } from '../conversation/conversation-log.port.js';
import { ChatError } from '../chat-error.js';
import type { Inbox } from '../inbox/inbox.port.js';
import type { Hub } from './hub.js';
import type { Watcher } from './watcher.js';

/** Versions compared in one query. */
const CHUNK = 500;

/**
 * What makes every page right again within one interval, whatever hints were lost: compares the versions of all that is
 * watched with the database, renews presence, notices a restored log; and keeps the streams alive and within the life
 * of their tokens. One timer for all streams.
 */
export class Heartbeat {
  private readonly stopping = new AbortController();
  private ticks: NodeJS.Timeout | undefined;
  private healing: Promise<void> = Promise.resolve();

  constructor(
    private readonly hub: Hub,
    private readonly log: ConversationLog,
    private readonly inbox: Inbox,
    private readonly onTrouble: (error: unknown) => void,
    /** The interval, in milliseconds. */
    private readonly interval: number,
  ) {
    hub.inbox.load = () => this.loadOpen();
  }

  start(): void {
    const tickLength = Math.min(1_000, this.interval / 5);
    this.ticks = setInterval(() => this.beat(tickLength), tickLength).unref();
    this.healing = this.healForEver();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticks);
    this.stopping.abort();
    await this.healing;
  }

  /** Each stream hears a heartbeat once per interval, counted from its own beginning, and ends with its token. */
  private beat(tickLength: number): void {
    const due = performance.now() - this.interval + tickLength / 2;
    const now = Date.now();
    for (const watcher of this.hub.watchers) {
      if (watcher.heardAt <= due) watcher.heartbeat();
      if (watcher.owner.expiresAt <= now) endWithToken(watcher);
    }
  }

  private async healForEver(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const start = performance.now();
      await this.heal().catch(this.onTrouble);
      const rest = Math.max(this.interval / 2, this.interval - (performance.now() - start));
      await wait(Math.min(rest, this.interval), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** One comparison of everything watched, its queries spread over the first half of the interval. */
  async heal(): Promise<void> {
    if (this.hub.watchers.size === 0) return;
    this.hub.changeEpoch(await this.log.epoch());
    await this.hub.presence.renew(this.hub.watchedClients()).catch(this.onTrouble);
    const watched = [...this.hub.lives.values()].filter(({ slots }) => slots.size > 0).map(({ id }) => id);
    const chunks = Math.ceil((watched.length + this.hub.inbox.openConversations.size) / CHUNK);
    for (let start = 0; start < watched.length && !this.isStopping; start += CHUNK) {
      const versions = await this.log.versions(watched.slice(start, start + CHUNK));
      for (const { id, version } of versions) this.hub.expect(id, version);
      await this.pause(chunks);
    }
    if (this.hub.inbox.isWatched) await this.compareOpen(chunks);
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async pause(chunks: number): Promise<void> {
    const { signal } = this.stopping;
    if (chunks < 2) return;
    await wait(this.interval / 2 / chunks, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** All that is open, there or here: what is listed with a newer version, and what is held as open but not listed. */
  private async compareOpen(chunks: number): Promise<void> {
    const held = [...this.hub.inbox.openConversations.keys()];
    const listed = new Set<string>();
    for await (const page of this.openPages()) {
      for (const { id, version } of page) {
        listed.add(id);
        this.hub.expect(id, version);
      }
      await this.pause(chunks);
    }
    if (!this.isStopping) await this.hub.readRows(held.filter((id) => !listed.has(id)));
  }

  /** Before the first inbox is told that it has caught up. */
  private async loadOpen(): Promise<void> {
    for await (const page of this.openPages()) await this.hub.learnRows(page.map(({ id }) => id));
  }

  private async *openPages(): AsyncGenerator<{ id: string; version: number }[]> {
    for (let after: string | undefined = ''; after !== undefined && !this.isStopping;) {
      const page: { id: string; version: number }[] = await this.inbox.openVersions(after, CHUNK);
      yield page;
      after = page.length < CHUNK ? undefined : page.at(-1)?.id;
    }
  }
}

function endWithToken(watcher: Watcher): void {
  watcher.end(new ChatError('unauthenticated', 'TOKEN_EXPIRED', 'The access token has expired. Refresh it.'), {
    kind: 'session-ending',
    reason: 'token-expired',
  });
}
