import { effect, inject, Injectable, untracked } from '@angular/core';
import { ChatConnection } from '../connection/chat-connection.js';
import { Languages } from './languages.js';

/**
 * Tells the service in which language its person reads, once they have signed in and whenever they choose another. Who
 * never chose one on this device gets the one that they chose on another.
 */
@Injectable()
export class LanguageTold {
  private readonly connection = inject(ChatConnection);
  private readonly languages = inject(Languages);
  private told: { readonly personId: string; readonly language: string } | undefined;
  private telling = new AbortController();

  constructor() {
    effect(() => {
      const me = this.connection.me();
      const wanted = this.languages.wanted();
      if (me === undefined) return;
      untracked(() => this.compare(me, wanted));
    });
  }

  private compare(me: { readonly id: string; readonly language: string }, wanted: string): void {
    if (this.told?.personId !== me.id) {
      const followed = this.languages.isChosen ? undefined : this.languages.follow(me.language);
      this.told = { personId: me.id, language: followed ?? me.language };
      if (followed !== undefined) return;
    }
    if (this.told.language !== wanted) void this.tell(me.id, wanted);
  }

  /** In place of what is still being told: the last choice stands. */
  private async tell(personId: string, language: string): Promise<void> {
    this.telling.abort();
    this.telling = new AbortController();
    const { signal } = this.telling;
    this.told = { personId, language };
    try {
      await this.connection.chat.setLanguage(language, { signal, deadlineMs: Number.POSITIVE_INFINITY });
    } catch {
      // The session is over, or somebody else's: it is told after the next sign-in.
      if (!signal.aborted) this.told = undefined;
    }
  }
}
