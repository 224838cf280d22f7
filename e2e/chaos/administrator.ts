import type { ShownCase } from '@energy-chat/client';
import { CaseStatus } from '@energy-chat/contract/case_pb.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import type { Participant } from './participant.js';

const OPEN = [InboxFilter.WAITING, InboxFilter.MINE, InboxFilter.OTHERS];

/** An administrator's inbox as its page keeps it: rows by the watch, and the list loaded again after each `caught_up`. */
export class Administrator {
  /** Every row that is known, of closed cases too: so that a late page of the list does not bring them back. */
  private readonly rows = new Map<string, Conversation>();
  private number = 0;
  private loading = 0;

  constructor(readonly participant: Participant) {
    participant.watch.listen({
      conversation: (row) => this.learn(row),
      caughtUp: () => void this.load(),
    });
    participant.watch.setInbox(true);
    participant.watch.start();
  }

  get who(): string {
    return this.participant.who;
  }

  get personId(): string {
    return this.participant.identity.id;
  }

  /** Rows with an open case. */
  get open(): readonly Conversation[] {
    return [...this.rows.values()].filter(({ openCase }) => openCase !== undefined);
  }

  /** As ListConversations answers now. */
  async listed(): Promise<Conversation[]> {
    const rows: Conversation[] = [];
    for (const filter of OPEN) {
      for (let pageToken = '', more = true; more; more = pageToken !== '') {
        const page = await this.participant.chat.listConversations({ filter, pageSize: 10, pageToken });
        rows.push(...page.conversations);
        pageToken = page.nextPageToken;
      }
    }
    return rows;
  }

  claim(shown: ShownCase): Promise<unknown> {
    return this.participant.chat.claim(shown, { requestId: this.newRequestId() });
  }

  transfer(shown: ShownCase, to: string): Promise<unknown> {
    return this.participant.chat.transfer(shown, to, { requestId: this.newRequestId() });
  }

  release(shown: ShownCase): Promise<unknown> {
    return this.participant.chat.release(shown, { requestId: this.newRequestId() });
  }

  close(shown: ShownCase, seenSeq: number): Promise<unknown> {
    return this.participant.chat.close(shown, seenSeq, { requestId: this.newRequestId() });
  }

  answer({ conversationId, caseId, revision }: ShownCase): Promise<unknown> {
    const requestId = this.newRequestId();
    const seenCase = { caseId, revision };
    return this.participant.chat.sendMessage(conversationId, `${this.who} #${this.number}`, { requestId, seenCase });
  }

  /** As its page does when the conversation is in front. */
  async markRead({ id, lastSeq }: Conversation): Promise<void> {
    await this.participant.chat.markProgress({ conversationId: id, deliveredSeq: lastSeq, readSeq: lastSeq });
  }

  private newRequestId(): string {
    this.number += 1;
    return `${this.who}-${this.number}`;
  }

  private learn(row: Conversation): void {
    const held = this.rows.get(row.id);
    if (held === undefined || held.version < row.version) this.rows.set(row.id, row);
  }

  /** What the list does not have and the watch has not told meanwhile was closed while nobody watched. */
  private async load(): Promise<void> {
    this.loading += 1;
    const { loading } = this;
    const before = new Map(this.rows);
    const listed = await this.listed().catch(() => undefined);
    // A later load knows better; one that failed is followed by a `caught_up` or asked again.
    if (loading !== this.loading) return;
    if (listed === undefined) {
      void this.load();
      return;
    }
    const ids = new Set(listed.map(({ id }) => id));
    for (const [id, row] of before) if (!ids.has(id) && this.rows.get(id) === row) this.rows.delete(id);
    for (const row of listed) this.learn(row);
  }
}

/** The open case that a row shows. */
export function shownCase({ id, openCase }: Conversation): ShownCase | undefined {
  if (openCase === undefined) return undefined;
  return { conversationId: id, caseId: openCase.id, revision: openCase.revision };
}

export function isWaiting({ openCase }: Conversation): boolean {
  return openCase?.status === CaseStatus.WAITING;
}
