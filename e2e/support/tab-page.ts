/// <reference lib="dom" />
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { browserTabs, Chat, ChatError, Session, sessionAmongTabs, SharedWatch } from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { tryOutgoingStore } from './try-outgoing-store.js';

/** What a portal does with the SDK, without its pages: tests run it in real tabs. */
export class TabPage {
  /** Seqs of the own conversation, as told. */
  readonly seqs: number[] = [];
  readonly statuses: string[] = [];
  readonly texts: string[] = [];
  refreshes = 0;
  watches = 0;
  private readonly tabs = browserTabs(window);
  private readonly transport = createGrpcWebTransport({
    baseUrl: location.origin,
    interceptors: [
      (next) => (request) => {
        if (request.method.name === 'Refresh') this.refreshes += 1;
        if (request.method.name === 'Watch') this.watches += 1;
        return next(request);
      },
    ],
  });
  private readonly session = new Session(this.transport, {
    refreshToken: 'cookie',
    ...sessionAmongTabs(window, 'client'),
  });
  private readonly chat = new Chat(this.transport, this.session);
  private readonly watch = new SharedWatch(this.transport, this.session, {
    tabs: this.tabs,
    portal: 'client',
    online: () => navigator.onLine,
  });
  private conversationId = '';

  constructor() {
    this.watch.listen({
      entry: ({ seq, content }) => {
        this.seqs.push(seq);
        if (content.case === 'message') this.texts.push(content.value.text);
      },
      status: (status) => this.statuses.push(status),
    });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.watch.wake());
  }

  get status(): string {
    return this.watch.status;
  }

  get state(): string {
    const { state } = this.session;
    return state.kind === 'signed-in' ? state.me.login : state.reason;
  }

  /** Whether this tab has the lock that makes it the leader. */
  isLeading(): Promise<boolean> {
    const probe = `probe ${Math.random()}`;
    return navigator.locks.request(probe, async () => {
      const { held = [] } = await navigator.locks.query();
      const me = held.find(({ name }) => name === probe)?.clientId;
      return held.some(({ name, clientId }) => name?.endsWith('/leader') === true && clientId === me);
    });
  }

  signIn(login: string, password: string): Promise<unknown> {
    return this.session.signIn(login, password, Audience.CLIENT);
  }

  resume(): Promise<boolean> {
    return this.session.resume();
  }

  signOut(): Promise<void> {
    return this.session.signOut();
  }

  /** Watches the own conversation from its beginning. */
  async open(): Promise<void> {
    const { conversation, epoch } = await this.chat.getMyConversation();
    this.conversationId = conversation.id;
    this.watch.watchConversation(conversation.id, 0, epoch);
    this.watch.start();
  }

  send(text: string): Promise<unknown> {
    return this.chat.sendMessage(this.conversationId, text);
  }

  /** The code of the refusal. */
  async refusalOf(text: string): Promise<number> {
    try {
      await this.send(text);
    } catch (failure) {
      return ChatError.from(failure).code;
    }
    return 0;
  }
}

declare global {
  interface Window {
    page: TabPage;
    tryOutgoingStore: typeof tryOutgoingStore;
  }
}

window.page = new TabPage();
window.tryOutgoingStore = tryOutgoingStore;
