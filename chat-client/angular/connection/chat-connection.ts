import { computed, DestroyRef, DOCUMENT, inject, Injectable, signal } from '@angular/core';
import {
  browserTabs,
  Chat,
  IndexedDbStore,
  Outgoing,
  Session,
  sessionAmongTabs,
  SharedWatch,
} from '@energy-chat/client';
import type { OutgoingStore, PageWatch, SessionState, WatchStatus } from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import type { Person } from '@energy-chat/contract/person_pb.js';
import { Drafts } from '../conversation/drafts.js';
import { CHAT_AUDIENCE } from './chat-audience.js';
import { CHAT_TRANSPORT } from './chat-transport.js';
import { KeptText } from './kept-text.js';

/**
 * Who is signed in at this portal, how the page is connected and what is not sent yet, as signals. The refresh token is
 * the edge's cookie; the tabs of a browser share one watch, one refresh and one outgoing queue.
 */
@Injectable()
export class ChatConnection {
  private readonly audience = inject(CHAT_AUDIENCE);
  private readonly document = inject(DOCUMENT);
  private readonly drafts = inject(Drafts);
  /** Says that a cookie may be there, which pages cannot see: who never signed in causes no call. */
  private readonly trace = new KeptText('localStorage', `energy-chat/${this.audience}/signed-in`);

  readonly session: Session;
  readonly chat: Chat;
  /** Runs while somebody is signed in, once `goLive` was called for them. */
  readonly watch: PageWatch;
  /** Sends by itself while somebody is signed in. */
  readonly outgoing: Outgoing;

  private readonly toldState = signal<SessionState>({ kind: 'signed-out', reason: 'NEVER_SIGNED_IN' });
  private readonly toldStatus = signal<WatchStatus>('signed-out');
  readonly sessionState = this.toldState.asReadonly();
  readonly status = this.toldStatus.asReadonly();
  private livePersonId: string | undefined;
  private readonly toldUnsent = signal(0);
  /** Messages of who is signed in, also the failed ones. */
  readonly unsent = this.toldUnsent.asReadonly();
  readonly me = computed<Person | undefined>(() => {
    const state = this.toldState();
    return state.kind === 'signed-in' ? state.me : undefined;
  });

  constructor() {
    const transport = inject(CHAT_TRANSPORT);
    this.session = new Session(transport, {
      refreshToken: 'cookie',
      ...sessionAmongTabs(window, this.audience),
    });
    this.chat = new Chat(transport, this.session);
    const tabs = browserTabs(window);
    this.watch = new SharedWatch(transport, this.session, {
      tabs,
      portal: this.audience,
      online: () => navigator.onLine,
    });
    this.outgoing = new Outgoing(this.chat, this.session, { tabs, portal: this.audience, store: this.openStore() });
    this.session.listen({
      stateChanged: (state) => this.sessionChanged(state),
      signedInElsewhere: () => void this.session.resume(),
    });
    this.watch.listen({ status: (status) => this.toldStatus.set(status) });
    this.outgoing.listen(() => this.toldUnsent.set(this.outgoing.queue?.size ?? 0));
    this.outgoing.start();
    this.followTheBrowser();
  }

  /**
   * Takes up the session that the portal's cookie holds, for example after a reload. Answers whether somebody is signed
   * in; keeps trying while the service is away.
   */
  async resume(): Promise<boolean> {
    if (this.trace.read() === undefined) return false;
    return this.session.resume();
  }

  /** From now on the page hears what happens, until somebody else signs in. Nothing is connected before. */
  goLive(): void {
    this.watch.start();
  }

  /** Throws ChatError: INVALID_CREDENTIALS, WRONG_PORTAL, THROTTLED, or a transient one. */
  signIn(login: string, password: string): Promise<Person> {
    return this.session.signIn(login, password, this.audience === 'client' ? Audience.CLIENT : Audience.ADMIN);
  }

  /**
   * Forgets what the person has not sent, too. Throws ChatError when the service cannot be told; then the person is still
   * signed in and nothing is forgotten.
   */
  async signOut(): Promise<void> {
    const { me } = this.session;
    await this.session.signOut();
    if (me === undefined || this.session.me?.id === me.id) return;
    this.drafts.forget(me.id);
    await this.outgoing.forget(me.id);
  }

  /** Whether signing out would lose messages of who is signed in, those of other tabs included. */
  async wouldLose(): Promise<boolean> {
    const elsewhere = this.outgoing.queue?.hasMoreElsewhere().catch(() => false);
    return this.unsent() > 0 || ((await elsewhere) ?? false);
  }

  private openStore(): OutgoingStore | undefined {
    try {
      // Where a person's settings forbid it, already looking at it throws.
      return new IndexedDbStore(window.indexedDB, this.audience);
    } catch {
      return undefined;
    }
  }

  private sessionChanged(state: SessionState): void {
    this.toldState.set(state);
    if (state.kind === 'signed-in' && state.me.id !== this.livePersonId) {
      this.livePersonId = state.me.id;
      this.watch.stop();
    }
    if (state.kind === 'signed-out' && state.reason === 'SIGNED_OUT') this.livePersonId = undefined;
    if (state.kind === 'signed-in') this.trace.write('1');
    else if (state.reason === 'OTHER_PERSON') void this.session.resume();
    else this.trace.write(undefined);
  }

  private followTheBrowser(): void {
    const wake = (): void => {
      if (this.document.visibilityState !== 'visible') return;
      this.watch.wake();
      this.outgoing.wake();
    };
    const networkChanged = (): void => {
      this.watch.networkChanged();
      this.outgoing.networkChanged();
    };
    this.document.addEventListener('visibilitychange', wake);
    window.addEventListener('pageshow', wake);
    window.addEventListener('online', networkChanged);
    window.addEventListener('offline', networkChanged);
    inject(DestroyRef).onDestroy(() => {
      this.document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('pageshow', wake);
      window.removeEventListener('online', networkChanged);
      window.removeEventListener('offline', networkChanged);
      this.outgoing.stop();
      this.watch.stop();
      this.session.close();
    });
  }
}
