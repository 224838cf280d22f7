import { computed, inject, Injectable, signal } from '@angular/core';
import { KeptText } from '@energy-chat/client/angular/connection/kept-text.js';
import { ConversationStores } from '@energy-chat/client/angular/conversation/conversation-stores.js';
import type { ConversationStore } from '@energy-chat/client/angular/conversation/conversation-store.js';
import { DeskParts } from './desk-parts.js';

export interface OpenConversation {
  readonly id: string;
  readonly store: ConversationStore;
}

/** One Watch takes 64; nobody reads so many at once, and each keeps its entries in memory. */
export const MOST_OPEN = 20;

/**
 * The conversations that are open as tabs, in the order in which they were opened, at most MOST_OPEN, and which of them
 * is in front. Kept through a reload of the page, per person and browser tab. The stores outlive this desk: when the
 * session is over, what was written waits for its person to sign in again; ConversationStores ends them otherwise.
 */
@Injectable()
export class OpenConversations {
  private readonly stores = inject(ConversationStores);
  private readonly kept = new KeptText('sessionStorage', `energy-chat/admin/open/${inject(DeskParts).me.id}`);
  private readonly opened = signal<readonly OpenConversation[]>([]);
  private readonly frontId = signal<string | undefined>(undefined);

  readonly all = this.opened.asReadonly();
  readonly front = computed(() => this.opened().find(({ id }) => id === this.frontId()));

  constructor() {
    const { ids, front } = readKept(this.kept.read());
    for (const id of ids) this.open(id);
    if (front !== undefined) this.bringToFront(front);
  }

  /** Brings it to the front; answers false, and changes nothing, when it is one too many. */
  open(id: string): boolean {
    if (this.opened().some((each) => each.id === id)) {
      this.bringToFront(id);
      return true;
    }
    if (this.opened().length >= MOST_OPEN) return false;
    this.opened.update((all) => [...all, { id, store: this.stores.open(id) }]);
    this.bringToFront(id);
    return true;
  }

  /** The one beside it comes to the front. Its draft stays. */
  close(id: string): void {
    const at = this.opened().findIndex((each) => each.id === id);
    if (at === -1) return;
    const left = this.opened().toSpliced(at, 1);
    if (this.frontId() === id) this.frontId.set((left[at] ?? left[at - 1])?.id);
    this.opened.set(left);
    this.stores.close(id);
    this.keep();
  }

  bringToFront(id: string): void {
    if (this.opened().every((each) => each.id !== id)) return;
    this.frontId.set(id);
    this.keep();
  }

  /** The tab beside the one in front, around the ends. */
  step(by: 1 | -1): void {
    const all = this.opened();
    const at = all.findIndex(({ id }) => id === this.frontId());
    const next = all.at((at + by) % all.length);
    if (next !== undefined) this.bringToFront(next.id);
  }

  /** Their person has signed out: who signs in next on this device sees nothing of them. */
  forget(): void {
    this.kept.write(undefined);
  }

  private keep(): void {
    const kept = { ids: this.opened().map(({ id }) => id), front: this.frontId() };
    this.kept.write(JSON.stringify(kept));
  }
}

/** What another version kept, or somebody changed, counts as nothing. */
function readKept(text: string | undefined): { readonly ids: readonly string[]; readonly front: string | undefined } {
  try {
    const kept: unknown = JSON.parse(text ?? '');
    if (typeof kept !== 'object' || kept === null || !('ids' in kept) || !Array.isArray(kept.ids))
      throw new TypeError();
    const ids = kept.ids.filter((id: unknown) => typeof id === 'string').slice(0, MOST_OPEN);
    return { ids, front: 'front' in kept && typeof kept.front === 'string' ? kept.front : undefined };
  } catch {
    return { ids: [], front: undefined };
  }
}
