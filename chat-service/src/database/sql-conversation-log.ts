import type { CommitListener } from '../conversation/commit-listener.port.js';
import { ConversationLog, type ChangeRequest, type ChangeResult } from '../conversation/conversation-log.port.js';
import { newConversation, type Conversation } from '../conversation/conversation.js';
import type { Entry } from '../conversation/entry.js';
import { newId } from '../conversation/new-id.js';
import type { CaseView } from '../conversation/support-case.js';
import { toCaseView, type CaseRow } from './case-rows.js';
import { runBatch, type BatchSettings } from './change-batch.js';
import { conversationColumns, conversationValues, toConversation, type ConversationRow } from './conversation-rows.js';
import type { Database } from './database.js';
import { toEntry, type EntryRow } from './entry-rows.js';
import { Lane, laneLimits, type LaneLimits } from './lane.js';

/** What the log tells about its commits, for metrics. */
export interface CommitReport {
  readonly requests: number;
  readonly entries: number;
  readonly seconds: number;
}

/** The log in SQL: writes through group commit lanes, reads from whatever is committed. */
export class SqlConversationLog extends ConversationLog {
  private readonly lanes: Lane<ChangeRequest, ChangeResult>[];

  constructor(
    private readonly database: Database,
    private readonly settings: Omit<BatchSettings, 'dialect'>,
    private readonly listener: CommitListener,
    private readonly report: (report: CommitReport) => void = () => undefined,
    options: { readonly lanes?: number; readonly limits?: LaneLimits } = {},
  ) {
    super();
    // SQLite has one writing connection: a second lane could only wait for it.
    const lanes = database.dialect.name === 'sqlite' ? 1 : (options.lanes ?? 2);
    const work = {
      run: (requests: readonly ChangeRequest[]) => this.commit(requests),
      groupOf: (request: ChangeRequest) => request.conversationId,
      bytesOf: (request: ChangeRequest) => request.bytes,
      isBackground: (request: ChangeRequest) => request.background ?? false,
      isTransient: (error: unknown) => database.dialect.isTransient(error) || database.dialect.isDuplicateKey(error),
    };
    this.lanes = Array.from({ length: lanes }, () => new Lane(work, options.limits ?? laneLimits));
  }

  change(request: ChangeRequest): Promise<ChangeResult> {
    return this.laneOf(request.conversationId).run(request);
  }

  async conversationOf(client: Conversation['client']): Promise<Conversation> {
    const found = await this.findByClient(client.id);
    if (found !== undefined) return found;
    const created = newConversation(newId(), client);
    try {
      await this.insert(
        `INSERT INTO conversation (${conversationColumns.join(', ')})
         VALUES (${conversationColumns.map(() => '?').join(', ')})`,
        conversationValues(created),
      );
      return created;
    } catch (error) {
      // Another request made it first.
      const theirs = this.database.dialect.isDuplicateKey(error) ? await this.findByClient(client.id) : undefined;
      if (theirs === undefined) throw error;
      return theirs;
    }
  }

  async conversationIdOf(clientId: string): Promise<string | undefined> {
    return (await this.findByClient(clientId))?.id;
  }

  async conversations(ids: readonly string[]): Promise<Conversation[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.read<ConversationRow>(
      `SELECT * FROM conversation WHERE id IN (${ids.map(() => '?').join(', ')})`,
      ids,
    );
    return rows.map(toConversation);
  }

  async versions(ids: readonly string[]): Promise<{ id: string; version: number }[]> {
    if (ids.length === 0) return [];
    return this.database.read<{ id: string; version: number }>(
      `SELECT id, version FROM conversation WHERE id IN (${ids.map(() => '?').join(', ')})`,
      ids,
    );
  }

  async entriesAfter(conversationId: string, afterSeq: number, limit: number): Promise<Entry[]> {
    const rows = await this.database.read<EntryRow>(
      'SELECT * FROM entry WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      [conversationId, afterSeq, limit],
    );
    return rows.map(toEntry);
  }

  async entriesBefore(conversationId: string, beforeSeq: number, limit: number): Promise<Entry[]> {
    const rows = await this.database.read<EntryRow>(
      'SELECT * FROM entry WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
      [conversationId, beforeSeq, limit],
    );
    return rows.reverse().map(toEntry);
  }

  async findCase(conversationId: string, caseId: string): Promise<CaseView | undefined> {
    const rows = await this.database.read<CaseRow>(
      `SELECT support_case.*, case_waiting_since
       FROM support_case JOIN conversation ON conversation.id = conversation_id
       WHERE support_case.id = ? AND conversation_id = ?`,
      [caseId, conversationId],
    );
    return rows[0] === undefined ? undefined : toCaseView(rows[0]);
  }

  async epoch(): Promise<string> {
    const read = async (): Promise<string | undefined> =>
      (await this.database.read<{ epoch: string }>('SELECT epoch FROM log_epoch WHERE id = 1'))[0]?.epoch;
    const known = await read();
    if (known !== undefined) return known;
    const made = newId();
    try {
      await this.insert('INSERT INTO log_epoch (id, epoch) VALUES (1, ?)', [made]);
      return made;
    } catch (error) {
      if (!this.database.dialect.isDuplicateKey(error)) throw error;
      return (await read()) ?? made;
    }
  }

  /** Ends when every change that was asked for has ended. */
  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private async commit(requests: readonly ChangeRequest[]) {
    const start = performance.now();
    const settings = { ...this.settings, dialect: this.database.dialect };
    const { decisions, committed } = await this.database.write((manager) => runBatch(manager, requests, settings));
    this.listener.committed(committed);
    this.report({
      requests: requests.length,
      entries: committed.reduce((sum, { entries }) => sum + entries.length, 0),
      seconds: (performance.now() - start) / 1000,
    });
    return decisions;
  }

  private async insert(sql: string, params: unknown[]): Promise<void> {
    await this.database.writeRepeatably((manager) => manager.query<unknown>(sql, params));
  }

  private async findByClient(clientId: string): Promise<Conversation | undefined> {
    const rows = await this.database.read<ConversationRow>('SELECT * FROM conversation WHERE client_id = ?', [
      clientId,
    ]);
    return rows[0] === undefined ? undefined : toConversation(rows[0]);
  }

  private laneOf(conversationId: string): Lane<ChangeRequest, ChangeResult> {
    let hash = 0;
    for (let index = 0; index < conversationId.length; index += 1) {
      hash = (hash * 31 + conversationId.charCodeAt(index)) >>> 0;
    }
    const lane = this.lanes[hash % this.lanes.length];
    if (lane === undefined) throw new Error('The log has no lane');
    return lane;
  }
}
