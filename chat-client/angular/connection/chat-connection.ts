import { computed, DestroyRef, DOCUMENT, inject, Injectable, signal } from '@angular/core';
import { browserTabs, Chat, Session, sessionAmongTabs, SharedWatch } from '@energy-chat/client';
import type { PageWatch, SessionState, WatchStatus } from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import type { Person } from '@energy-chat/contract/person_pb.js';
import { CHAT_AUDIENCE } from './chat-audience.js';
import { CHAT_TRANSPORT } from './chat-transport.js';
import { KeptText } from './kept-text.js';

/**
 * Who is signed in at this portal and how the page is connected, as signals. The refresh token is the edge's cookie; the
 * tabs of a browser share one watch and one refresh.
 */
@Injectable()
export class ChatConnection {
  private readonly audience = inject(CHAT_AUDIENCE);
  private readonly document = inject(DOCUMENT);
  /** Says that a cookie may be there, which pages cannot see: who never signed in causes no call. */
  private readonly trace = new KeptText('localStorage', `energy-chat/${this.audience}/signed-in`);

  readonly session: Session;
  readonly chat: Chat;
  /** Runs by itself while somebody is signed in. */
  readonly watch: PageWatch;

  private readonly toldState = signal<SessionState>({ kind: 'signed-out', reason: 'NEVER_SIGNED_IN' });
  private readonly toldStatus = signal<WatchStatus>('signed-out');
  readonly sessionState = this.toldState.asReadonly();
  readonly status = this.toldStatus.asReadonly();
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
    this.watch = new SharedWatch(transport, this.session, {
      tabs: browserTabs(window),
      portal: this.audience,
      online: () => navigator.onLine,
    });
    this.session.listen({
      stateChanged: (state) => this.sessionChanged(state),
      signedInElsewhere: () => void this.session.resume(),
    });
    this.watch.listen({ status: (status) => this.toldStatus.set(status) });
    this.watch.start();
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

  /** Throws ChatError: INVALID_CREDENTIALS, WRONG_PORTAL, THROTTLED, or a transient one. */
  signIn(login: string, password: string): Promise<Person> {
    return this.session.signIn(login, password, this.audience === 'client' ? Audience.CLIENT : Audience.ADMIN);
  }

  /** Throws ChatError when the service cannot be told; then the person is still signed in. */
  signOut(): Promise<void> {
    return this.session.signOut();
  }

  private sessionChanged(state: SessionState): void {
    this.toldState.set(state);
    if (state.kind === 'signed-in') this.trace.write('1');
    else if (state.reason === 'OTHER_PERSON') void this.session.resume();
    else this.trace.write(undefined);
  }

  private followTheBrowser(): void {
    const wake = (): void => {
      if (this.document.visibilityState === 'visible') this.watch.wake();
    };
    const networkChanged = (): void => this.watch.networkChanged();
    this.document.addEventListener('visibilitychange', wake);
    window.addEventListener('pageshow', wake);
    window.addEventListener('online', networkChanged);
    window.addEventListener('offline', networkChanged);
    inject(DestroyRef).onDestroy(() => {
      this.document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('pageshow', wake);
      window.removeEventListener('online', networkChanged);
      window.removeEventListener('offline', networkChanged);
      this.watch.stop();
      this.session.close();
    });
  }
}
