import { createRouterTransport, type Interceptor, type Transport } from '@connectrpc/connect';
import { Chat } from '../chat.js';
import { Outgoing } from '../outgoing/outgoing.js';
import type { OutgoingQueue } from '../outgoing/outgoing-queue.js';
import type { OutgoingStore } from '../outgoing/outgoing-store.js';
import { Session } from '../session.js';
import { sessionAmongTabs } from '../tabs/session-among-tabs.js';
import { scopeOf, type MemoryBrowser, type MemoryTab } from './memory-browser.js';
import type { MemoryService } from './memory-service.js';

/** One tab of a portal, as far as what leaves it goes. */
export class OutgoingTab {
  readonly session: Session;
  readonly chat: Chat;
  readonly outgoing: Outgoing;
  readonly transport: Transport;
  readonly inBrowser: MemoryTab;
  /** Calls of SendMessage that left this tab. */
  sends = 0;
  private isDead = false;

  constructor(
    service: MemoryService,
    browser: MemoryBrowser,
    options: { store: OutgoingStore | undefined; among?: 'tabs' | 'nobody' },
  ) {
    const { store, among = 'tabs' } = options;
    this.inBrowser = browser.open();
    const transport = createRouterTransport(service.routes, { transport: { interceptors: [this.answersTheLiving] } });
    this.transport = transport;
    this.session = new Session(transport, {
      refreshToken: 'cookie',
      ...sessionAmongTabs(scopeOf(this.inBrowser, { withLocks: true }), 'client'),
    });
    this.chat = new Chat(transport, this.session);
    this.outgoing = new Outgoing(this.chat, this.session, {
      portal: 'client',
      store,
      tabs: among === 'tabs' ? this.inBrowser : undefined,
    });
    this.outgoing.start();
  }

  get queue(): OutgoingQueue {
    const { queue } = this.outgoing;
    if (queue === undefined) throw new Error('Nobody is signed in.');
    return queue;
  }

  /** In the order in which they leave. */
  states(conversationId = 'c1'): string[] {
    return (this.outgoing.queue?.of(conversationId) ?? []).map(({ text, state }) => `${text} ${state}`);
  }

  write(...texts: string[]): string[] {
    return texts.map((text) => this.queue.send('c1', text, {}).requestId);
  }

  hide(): void {
    this.inBrowser.isInFront = false;
  }

  freeze(): void {
    this.inBrowser.freeze();
  }

  thaw(): void {
    this.inBrowser.thaw();
  }

  /** The browser ends its process: no answer reaches it any more. */
  kill(): void {
    this.isDead = true;
    this.inBrowser.kill();
    this.session.close();
  }

  /** Its person closes it. */
  close(): void {
    this.outgoing.stop();
    this.kill();
  }

  private readonly answersTheLiving: Interceptor = (next) => async (request) => {
    if (this.isDead) await never();
    if (request.method.name === 'SendMessage') this.sends += 1;
    try {
      return await next(request);
    } finally {
      if (this.isDead) await never();
    }
  };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
