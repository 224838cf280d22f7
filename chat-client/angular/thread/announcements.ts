import { signal, untracked } from '@angular/core';
import { tickOf } from '@energy-chat/client';
import type { Tick } from '@energy-chat/client';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Side } from '@energy-chat/contract/person_pb.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import type { Texts } from '../language/texts.js';
import { plainName } from '../text/plain-name.js';
import { isNews } from './lines.js';

/** A longer message is read in the thread, in characters. */
const MOST_READ_OUT = 300;

/** What a screen reader says of a thread: each new message of the other side, and how far one's own last one has come. */
export class Announcements {
  private readonly words = signal<readonly { readonly key: string; readonly text: string }[]>([]);
  private store: ConversationStore | undefined;
  private knownSeq: number | undefined;
  private ownSeq = 0;
  /** Of what was read out last. */
  private readOutSeqs: readonly number[] = [];
  private ownTick: Tick | undefined;

  /** At most one; a new key is a new thing to say. */
  readonly said = this.words.asReadonly();

  constructor(private readonly texts: Texts) {}

  /** Call after every change of the store. */
  follow(store: ConversationStore, side: Side): void {
    // Not what is shown: older entries that come into view are no news.
    const entries = store.newest();
    const progress = store.otherProgress();
    const isLoading = store.loading();
    if (store !== this.store) {
      this.store = store;
      this.knownSeq = undefined;
      this.ownTick = undefined;
    }
    if (isLoading) return;
    const lastSeq = entries.at(-1)?.seq ?? 0;
    const known = this.knownSeq ?? lastSeq;
    this.knownSeq = lastSeq;
    untracked(() => {
      // What was taken away is to be found nowhere, not here either.
      if (entries.some((entry) => this.readOutSeqs.includes(entry.seq) && isRemoved(entry))) this.words.set([]);
      const arrived = entries.filter((entry) => entry.seq > known && isNews(entry, side));
      if (arrived.length > 0) this.readOutSeqs = arrived.map(({ seq }) => seq);
      if (arrived.length > 0) this.say(`seq ${lastSeq}`, arrived.map((entry) => this.readOut(entry)).join('\n'));
      const own = entries.findLast((entry) => tickOf(entry, side, progress) !== undefined);
      const tick = own && tickOf(own, side, progress);
      const isNew = own?.seq !== this.ownSeq;
      const wasKnown = this.ownTick !== undefined;
      if (own !== undefined && tick !== undefined && (isNew || tick !== this.ownTick)) {
        this.ownSeq = own.seq;
        this.ownTick = tick;
        if (wasKnown && arrived.length === 0)
          this.say(`tick ${own.seq} ${tick}`, this.texts.say(`thread.tick.${tick}`));
      }
    });
  }

  private readOut({ author, content }: Entry): string {
    if (content.case !== 'message' && content.case !== 'systemMessage') return '';
    const name = plainName(author?.displayName ?? '');
    const text = content.value.text.slice(0, MOST_READ_OUT);
    return name === '' ? text : this.texts.say('thread.arrived', { name, text });
  }

  private say(key: string, text: string): void {
    this.words.set([{ key, text }]);
  }
}

function isRemoved({ content }: Entry): boolean {
  return content.case === 'message' && content.value.removedTime !== undefined;
}
