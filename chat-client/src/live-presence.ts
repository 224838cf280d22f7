import type { PresenceNews } from './watch-listener.js';

/** Who is there, as last heard. Tells changes only. */
export class LivePresence {
  private readonly known = new Map<string, PresenceNews>();

  constructor(private readonly changed: (news: PresenceNews) => void) {}

  news(news: PresenceNews): void {
    const key = keyOf(news);
    const before = this.known.get(key);
    if (before !== undefined && valueOf(before) === valueOf(news)) return;
    this.known.set(key, news);
    this.changed(news);
  }

  get all(): readonly PresenceNews[] {
    return [...this.known.values()];
  }

  /** Nobody tells any more. */
  unknown(): void {
    for (const news of [...this.known.values()]) {
      this.news(news.kind === 'support' ? { ...news, available: undefined } : { ...news, online: undefined });
    }
  }

  /** Nobody asks any more. */
  forget(conversationId: string): void {
    this.known.delete(conversationId);
  }
}

function keyOf(news: PresenceNews): string {
  return news.kind === 'support' ? '' : news.conversationId;
}

function valueOf(news: PresenceNews): boolean | undefined {
  return news.kind === 'support' ? news.available : news.online;
}
