import { ConversationLog, type ChangeRequest, type ChangeResult } from '../conversation/conversation-log.port.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Entry } from '../conversation/entry.js';
import type { CaseView } from '../conversation/support-case.js';

/** What a lagging node shows: rows as they were, and entries up to a head; what it does not name is not there yet. */
interface Past {
  readonly rows: ReadonlyMap<string, Conversation>;
  readonly lags: 'rows' | 'entries' | 'both';
}

/** The log as a hub reads it, where a test counts reads, lets them lag behind commits, or acts while they are under way. */
export class LaggingLog extends ConversationLog {
  readonly reads = { rows: 0, entries: 0, versions: 0, epoch: 0 };
  /** Awaited after a read was made and before it is answered. */
  afterRead: (read: 'rows' | 'entries' | 'versions') => void | Promise<void> = () => undefined;
  /** May change a page that was read. */
  pageAsRead: (page: Entry[]) => Entry[] = (page) => page;
  /** Another than the stored one, as after a restore. */
  restoredEpoch: string | undefined;
  private shown: Past | undefined;

  constructor(private readonly log: ConversationLog) {
    super();
  }

  /** From now on reads of these conversations show what stands now; all others are not there. */
  async freeze(ids: readonly string[], lags: Past['lags'] = 'both'): Promise<void> {
    const rows = await this.log.conversations(ids);
    this.shown = { rows: new Map(rows.map((row) => [row.id, row])), lags };
  }

  /** What frozen reads show of one conversation. */
  past(row: Conversation): void {
    this.shown = { rows: new Map([...(this.shown?.rows ?? []), [row.id, row]]), lags: this.shown?.lags ?? 'both' };
  }

  thaw(): void {
    this.shown = undefined;
  }

  override async conversations(ids: readonly string[]): Promise<Conversation[]> {
    this.reads.rows += 1;
    const rows = await this.log.conversations(ids);
    const past = this.shown;
    await this.afterRead('rows');
    if (past === undefined || past.lags === 'entries') return rows;
    return rows.flatMap(({ id }) => past.rows.get(id) ?? []);
  }

  override async versions(ids: readonly string[]): Promise<{ id: string; version: number }[]> {
    this.reads.versions += 1;
    const versions = await this.log.versions(ids);
    await this.afterRead('versions');
    return versions;
  }

  override async entriesAfter(conversationId: string, afterSeq: number, limit: number): Promise<Entry[]> {
    this.reads.entries += 1;
    const page = await this.log.entriesAfter(conversationId, afterSeq, limit);
    const past = this.shown;
    await this.afterRead('entries');
    if (past === undefined || past.lags === 'rows') return this.pageAsRead(page);
    const head = past.rows.get(conversationId)?.lastSeq ?? 0;
    return page.filter(({ seq }) => seq <= head);
  }

  override async epoch(): Promise<string> {
    this.reads.epoch += 1;
    return this.restoredEpoch ?? (await this.log.epoch());
  }

  override change(request: ChangeRequest): Promise<ChangeResult> {
    return this.log.change(request);
  }

  override conversationOf(client: Conversation['client']): Promise<Conversation> {
    return this.log.conversationOf(client);
  }

  override conversationIdOf(clientId: string): Promise<string | undefined> {
    return this.log.conversationIdOf(clientId);
  }

  override entriesBefore(conversationId: string, beforeSeq: number, limit: number): Promise<Entry[]> {
    return this.log.entriesBefore(conversationId, beforeSeq, limit);
  }

  override findCase(conversationId: string, caseId: string): Promise<CaseView | undefined> {
    return this.log.findCase(conversationId, caseId);
  }

  override close(): Promise<void> {
    return this.log.close();
  }
}
