import { ConversationView, type PendingSend } from '@energy-chat/client';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { eventually } from '../../chat-service/src/testing/eventually.js';
import type { Person } from './person.js';

/** A page that shows one conversation, in front or in the background. */
export class Page {
  readonly view: ConversationView;
  private isInFront: boolean;

  private constructor(
    readonly person: Person,
    conversationId: string,
    where: 'front' | 'background',
  ) {
    this.isInFront = where === 'front';
    const { chat, watch, session, outgoing } = person;
    this.view = new ConversationView(conversationId, { chat, watch, session, outgoing }, () => this.look());
  }

  static async open(person: Person, conversationId: string, where: 'front' | 'background'): Promise<Page> {
    const page = new Page(person, conversationId, where);
    person.watch.start();
    await page.view.open();
    return page;
  }

  /** The person looks at it now, and sees each message as it comes. */
  bringToFront(): void {
    this.isInFront = true;
    this.look();
  }

  /** Sends and waits until the thread shows it. Throws what the service answered instead. */
  send(text: string): Promise<Entry> {
    const { requestId } = this.view.send(text);
    return eventually(`"${text}" is in the thread`, () => {
      const failed = this.failed.find((item) => item.requestId === requestId);
      if (failed?.error !== undefined) throw failed.error;
      return this.view.entries.find((entry) => entry.requestId === requestId);
    });
  }

  get seqs(): readonly number[] {
    return this.view.entries.map(({ seq }) => seq);
  }

  get kinds(): readonly (string | undefined)[] {
    return this.view.entries.map(({ content }) => content.case);
  }

  /** Of messages, in the order of the thread. */
  get texts(): readonly string[] {
    return textsOf(this.view.entries);
  }

  get failed(): readonly PendingSend[] {
    return this.view.pending.filter(({ state }) => state === 'failed');
  }

  private look(): void {
    const last = this.view.entries.at(-1);
    if (this.isInFront && last !== undefined) this.view.seen(last.seq);
  }
}

export function textsOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ content }) => (content.case === 'message' ? [content.value.text] : []));
}
