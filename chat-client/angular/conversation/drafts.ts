import type { WritableSignal } from '@angular/core';
import { effect, inject, Injectable, Injector } from '@angular/core';
import { CHAT_AUDIENCE } from '../connection/chat-audience.js';
import { KeptText } from '../connection/kept-text.js';

/** Of one person; the one that was written longest ago goes first. */
const MOST_DRAFTS = 50;
/** Of a longer draft the beginning is kept, in UTF-16 units. */
const LONGEST_DRAFT = 20_000;

interface Draft {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/**
 * What people have begun to write, per person and conversation, on this device. Tabs that show the same conversation
 * share its draft: each follows what is written in the others, and keeps only what is written in itself.
 */
@Injectable({ providedIn: 'root' })
export class Drafts {
  private readonly start = `energy-chat/${inject(CHAT_AUDIENCE)}/draft/`;
  private readonly injector = inject(Injector);

  /** Fills the draft with what is kept, and keeps what becomes of it. Answers the way to stop. */
  keep(personId: string, conversationId: string, draft: WritableSignal<string>): () => void {
    const key = `${this.start}${personId}/${conversationId}`;
    const kept = new KeptText('localStorage', key);
    let known = readDraft(kept.read())?.text ?? '';
    draft.set(known);
    const follow = (event: StorageEvent): void => {
      if (event.key !== key) return;
      known = readDraft(event.newValue ?? undefined)?.text ?? '';
      draft.set(known);
    };
    window.addEventListener('storage', follow);
    const keeping = effect(
      () => {
        const text = draft();
        // Back to where it came from it would undo what was written there meanwhile.
        if (text === known) return;
        known = text;
        if (text === '') kept.write(undefined);
        else {
          this.makeRoom(personId, key);
          const now: Draft = { text: text.slice(0, LONGEST_DRAFT), writtenAt: Date.now() };
          kept.write(JSON.stringify(now));
        }
      },
      { injector: this.injector },
    );
    return () => {
      window.removeEventListener('storage', follow);
      keeping.destroy();
    };
  }

  /** All of that person's drafts. */
  forget(personId: string): void {
    for (const key of this.keysOf(personId)) new KeptText('localStorage', key).write(undefined);
  }

  private makeRoom(personId: string, key: string): void {
    const others = this.keysOf(personId).filter((each) => each !== key);
    if (others.length < MOST_DRAFTS) return;
    const oldestFirst = others
      .map((each) => new KeptText('localStorage', each))
      .map((kept) => ({ kept, writtenAt: readDraft(kept.read())?.writtenAt ?? 0 }))
      .sort((one, other) => one.writtenAt - other.writtenAt);
    for (const { kept } of oldestFirst.slice(0, others.length - MOST_DRAFTS + 1)) kept.write(undefined);
  }

  private keysOf(personId: string): readonly string[] {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(`${this.start}${personId}/`));
    } catch {
      // Where nothing can be kept there is nothing.
      return [];
    }
  }
}

/** What another version kept, or somebody changed, counts as nothing. */
function readDraft(kept: string | undefined): Draft | undefined {
  try {
    const draft: unknown = JSON.parse(kept ?? '');
    if (typeof draft !== 'object' || draft === null || !('text' in draft) || !('writtenAt' in draft)) return undefined;
    const { text, writtenAt } = draft;
    return typeof text === 'string' && typeof writtenAt === 'number' ? { text, writtenAt } : undefined;
  } catch {
    return undefined;
  }
}
