import { inject, Injectable } from '@angular/core';
import { CHAT_AUDIENCE } from '../connection/chat-audience.js';
import { KeptText } from '../connection/kept-text.js';

/** What people have begun to write, per person and conversation, through a reload of this tab. */
@Injectable({ providedIn: 'root' })
export class Drafts {
  private readonly start = `energy-chat/${inject(CHAT_AUDIENCE)}/draft/`;

  of(personId: string, conversationId: string): KeptText {
    return new KeptText('sessionStorage', `${this.start}${personId}/${conversationId}`);
  }

  /** All of that person's drafts. */
  forget(personId: string): void {
    try {
      const own = `${this.start}${personId}/`;
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(own)) sessionStorage.removeItem(key);
    } catch {
      // Where nothing can be kept there is nothing to forget.
    }
  }
}
