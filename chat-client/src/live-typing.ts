import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Typist } from './watch-listener.js';

interface Shown {
  readonly typist: Typist;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Who types now, as far as news say; each is over by itself when its time has passed. Tells changes only. */
export class LiveTyping {
  private readonly shown = new Map<string, Shown>();

  constructor(private readonly changed: (typist: Typist, typing: boolean) => void) {}

  /** `remainingMs` of zero or less: stopped. */
  news(typist: Typist, remainingMs: number): void {
    const key = keyOf(typist);
    const before = this.shown.get(key);
    clearTimeout(before?.timer);
    if (remainingMs <= 0) {
      this.stop(key);
      return;
    }
    this.shown.set(key, { typist, timer: setTimeout(() => this.stop(key), remainingMs) });
    if (before === undefined) this.changed(typist, true);
  }

  /** A message ends its author's typing. */
  landed(entry: Entry): void {
    const { author, conversationId } = entry;
    if (entry.content.case !== 'message' || author === undefined) return;
    this.stop(keyOf({ conversationId, side: author.side, personId: author.id }));
  }

  get typists(): readonly Typist[] {
    return Array.from(this.shown.values(), ({ typist }) => typist);
  }

  /** Everybody who is not among those named has stopped. */
  keepOnly(typists: readonly Typist[]): void {
    const kept = new Set(typists.map(keyOf));
    for (const key of [...this.shown.keys()]) if (!kept.has(key)) this.stop(key);
  }

  private stop(key: string): void {
    const before = this.shown.get(key);
    if (before === undefined) return;
    clearTimeout(before.timer);
    this.shown.delete(key);
    this.changed(before.typist, false);
  }
}

function keyOf({ conversationId, side, personId }: Omit<Typist, 'displayName'>): string {
  return `${conversationId} ${side} ${personId}`;
}
