import type { Chat } from '../chat.js';
import { Listeners } from '../listeners.js';
import type { Session, SessionState } from '../session.js';
import type { Tabs } from '../tabs/tabs.js';
import { OutgoingQueue } from './outgoing-queue.js';
import type { OutgoingStore } from './outgoing-store.js';

export interface OutgoingOptions {
  /** Tells apart the portals of one origin. */
  readonly portal: string;
  /** Where messages outlive the page; in memory only unless given. */
  readonly store?: OutgoingStore | undefined;
  /** From `browserTabs`; undefined: this tab stands alone. */
  readonly tabs?: Tabs | undefined;
}

/**
 * The queue of whoever is signed in, which sends from the sign-in on, whatever the page shows. At the end of a session it
 * waits for the same person; who signs in next has their own, and sees and sends nothing of it.
 */
export class Outgoing {
  private current: { readonly personId: string; readonly queue: OutgoingQueue } | undefined;
  private stopListening: (() => void) | undefined;
  private readonly listeners = new Listeners<() => void>();

  constructor(
    private readonly chat: Chat,
    private readonly session: Session,
    private readonly options: OutgoingOptions,
  ) {}

  /** Of who is signed in, or whose session is over; undefined before `start` and after signing out. */
  get queue(): OutgoingQueue | undefined {
    return this.current?.queue;
  }

  /** `changed` is called when something was added to a queue, changed there or left it. Answers the way to stop. */
  listen(changed: () => void): () => void {
    return this.listeners.add(changed);
  }

  start(): void {
    if (this.stopListening !== undefined) return;
    this.stopListening = this.session.listen({ stateChanged: (state) => this.sessionChanged(state) });
    this.sessionChanged(this.session.state);
  }

  /** What was not sent waits on the device. */
  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
    this.end();
  }

  /** The page is in front again (visibilitychange, pageshow). */
  wake(): void {
    this.queue?.wake();
  }

  /** The device's network came, went or changed (online, offline). */
  networkChanged(): void {
    this.queue?.networkChanged();
  }

  /** Who signs out leaves nothing behind on this device. To be called where they did: other tabs may hear of it late. */
  async forget(personId: string): Promise<void> {
    if (this.current?.personId === personId) this.end();
    // What the device does not let go of, it has not let in either.
    await this.options.store?.forget(personId).catch(() => undefined);
  }

  private sessionChanged(state: SessionState): void {
    if (state.kind === 'signed-out') {
      if (state.reason === 'SIGNED_OUT') this.end();
      else this.queue?.pause();
      return;
    }
    if (this.current?.personId !== state.me.id) {
      this.end();
      this.begin(state.me.id);
    }
    this.queue?.resume();
  }

  private begin(personId: string): void {
    const { chat } = this;
    const { portal, store, tabs } = this.options;
    const queue = new OutgoingQueue({ personId, chat, portal, store, tabs });
    queue.listen({ changed: () => this.tell() });
    this.current = { personId, queue };
  }

  private end(): void {
    this.queue?.close();
    this.current = undefined;
    this.tell();
  }

  private tell(): void {
    this.listeners.tell((changed) => changed());
  }
}
