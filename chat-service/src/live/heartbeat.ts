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
  private tick = 0;

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
    const ticksPerBeat = Math.round(this.interval / tickLength);
    this.ticks = setInterval(() => this.beat(ticksPerBeat), tickLength).unref();
    this.healing = this.healForEver();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticks);
    this.stopping.abort();
    await this.healing;
  }

  /** Each stream hears a heartbeat once per interval, the streams spread over it; and ends with its token. */
  private beat(ticksPerBeat: number): void {
    this.tick += 1;
    const now = Date.now();
    let index = 0;
    for (const watcher of this.hub.watchers) {
      if ((this.tick + index) % ticksPerBeat === 0) watcher.heartbeat();
      if (watcher.owner.expiresAt <= now) endWithToken(watcher);
      index += 1;
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
    this.hub.forgetTypists();
    if (this.hub.watchers.size === 0) return;
    this.hub.changeEpoch(await this.log.epoch());
    await this.hub.presence.renew(this.hub.watchedClients());
    const watched = [...this.hub.lives.values()].filter(({ slots }) => slots.size > 0).map(({ id }) => id);
    const chunks = Math.ceil(watched.length / CHUNK);
    for (let chunk = 0; chunk < chunks && !this.stopping.signal.aborted; chunk += 1) {
      const versions = await this.log.versions(watched.slice(chunk * CHUNK, (chunk + 1) * CHUNK));
      for (const { id, version } of versions) this.hub.expect(id, version);
      if (chunk + 1 < chunks) await this.pause(chunks);
    }
    if (this.hub.inbox.isWatched) await this.compareOpen();
  }

  private pause(chunks: number): Promise<void> {
    const { signal } = this.stopping;
    return wait(this.interval / 2 / chunks, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** All that is open, there or here: what is listed with a newer version, and what is held as open but not listed. */
  private async compareOpen(): Promise<void> {
    const listed = new Set<string>();
    for (let after = ''; ;) {
      const page = await this.inbox.openVersions(after, CHUNK);
      for (const { id, version } of page) {
        listed.add(id);
        this.hub.expect(id, version);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < CHUNK) break;
      after = last.id;
    }
    const unlisted = [...this.hub.inbox.openConversations.keys()].filter((id) => !listed.has(id));
    await this.hub.readRows(unlisted);
  }

  /** Before the first inbox is told that it has caught up. */
  private async loadOpen(): Promise<void> {
    for (let after = ''; ;) {
      const page = await this.inbox.openVersions(after, CHUNK);
      await this.hub.readRows(page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined || page.length < CHUNK) return;
      after = last.id;
    }
  }
}

function endWithToken(watcher: Watcher): void {
  watcher.end(new ChatError('unauthenticated', 'TOKEN_EXPIRED', 'The access token has expired. Refresh it.'), {
    kind: 'session-ending',
    reason: 'token-expired',
  });
}
