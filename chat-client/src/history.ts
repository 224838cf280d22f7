import { Code } from '@connectrpc/connect';
import type { ListEntriesRequest, ListEntriesResponse } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Chat } from './chat.js';
import { ChatError } from './chat-error.js';
import { delay, waitFor } from './delay.js';
import { EntryList } from './entry-list.js';
import { EntryWindow } from './entry-window.js';
import type { CallLimits } from './retry.js';

export interface HistoryParts {
  readonly chat: Chat;
  /** Entries in a page, 1 to 100; 50 unless given. */
  readonly pageSize?: number | undefined;
}

export interface HistoryListener {
  /** These are held from now on, or were already. */
  took(entries: readonly Entry[]): void;
  /** Something of what is held, or of what is on its way, has changed. */
  changed(): void;
}

type Position = ListEntriesRequest['position'];

/** How often and how long apart a lagging reader of the log is asked again. */
const LAG_TRIES = 50;
const LAG_MS = 200;

/**
 * The entries of one conversation as a page holds them, and the pages of the log that they come from. Invariants: what
 * is shown is one run of seqs without a hole, and so are the newest entries; both are bounded (EntryWindow).
 */
export class History {
  private held = new EntryWindow();
  /** Entries that arrive while the newest page is loaded; undefined when none is. */
  private arriving: Entry[] | undefined;
  /** Of the newest page in use: ends what was asked for on behalf of an earlier one. */
  private loading = new AbortController();
  private failure: ChatError | undefined;
  private olderLoading: Promise<void> | undefined;
  private newerLoading: Promise<void> | undefined;

  constructor(
    private readonly conversationId: string,
    private readonly parts: HistoryParts,
    private readonly listener: HistoryListener,
  ) {}

  get entries(): readonly Entry[] {
    return this.held.shown.entries;
  }

  get newest(): readonly Entry[] {
    return this.held.newest.entries;
  }

  /** 0 when nothing was written. */
  get newestSeq(): number {
    return this.held.newest.lastSeq;
  }

  get hasOlder(): boolean {
    return this.held.shown.hasOlder;
  }

  get hasNewer(): boolean {
    return this.held.hasNewer;
  }

  get isLoading(): boolean {
    return this.arriving !== undefined;
  }

  get error(): ChatError | undefined {
    return this.failure;
  }

  /** Where the reader is; decides which end gives way to what arrives. */
  set isReadAtEnd(isAtEnd: boolean) {
    this.held.isReadAtEnd = isAtEnd;
  }

  /** Loads the newest page once `ready`. Answers its epoch; undefined when it was closed meanwhile. */
  async open(ready: Promise<void>, limits: CallLimits): Promise<string | undefined> {
    this.arriving = [];
    await waitFor(ready, limits.signal ?? this.loading.signal);
    const page = await this.list({ case: undefined }, { signal: this.loading.signal, ...limits });
    this.arriving = undefined;
    if (this.loading.signal.aborted) return undefined;
    this.show(new EntryList(page.entries, page.nextPageToken !== ''), []);
    return page.epoch;
  }

  close(): void {
    this.loading.abort();
    this.arriving = undefined;
  }

  /** The watch told it. */
  arrived(entry: Entry): void {
    if (this.arriving !== undefined) {
      this.arriving.push(entry);
      return;
    }
    this.add(entry);
    this.listener.changed();
  }

  /** The newest page in place of all entries; nothing between it and what the watch tells after `afterSeq` is missing. */
  async reload(afterSeq: number): Promise<void> {
    this.loading.abort();
    const loading = new AbortController();
    this.loading = loading;
    const arriving: Entry[] = [];
    this.arriving = arriving;
    this.listener.changed();
    const limits = { signal: loading.signal, deadlineMs: Number.POSITIVE_INFINITY };
    try {
      const page = await this.list({ case: undefined }, limits);
      const list = new EntryList(page.entries, page.nextPageToken !== '');
      for (let tries = 0; list.lastSeq < afterSeq; tries += 1) {
        if (tries === LAG_TRIES) throw new ChatError(Code.Unavailable, '', 'The newest messages cannot be read yet.');
        if (tries > 0) await delay(LAG_MS, loading.signal);
        const more = await this.list({ case: 'afterSeq', value: list.lastSeq }, limits);
        for (const entry of more.entries) list.append(entry);
      }
      if (loading.signal.aborted) return;
      this.arriving = undefined;
      this.failure = undefined;
      this.show(list, arriving);
    } catch (failure) {
      if (loading.signal.aborted) return;
      this.failure = ChatError.from(failure);
      this.listener.changed();
    }
  }

  /** The page before the oldest entry that is shown; whoever asks meanwhile shares it. */
  loadOlder(limits: CallLimits): Promise<void> {
    this.olderLoading ??= this.loadPageBefore(limits).finally(() => {
      this.olderLoading = undefined;
    });
    return this.olderLoading;
  }

  /** What comes after the newest entry that is shown; whoever asks meanwhile shares it. */
  loadNewer(limits: CallLimits): Promise<void> {
    this.newerLoading ??= this.loadPageAfter(limits).finally(() => {
      this.newerLoading = undefined;
    });
    return this.newerLoading;
  }

  /** Shows the newest entries, without a word to the service. */
  showNewest(): void {
    if (!this.held.hasNewer) return;
    this.held.showNewest();
    this.listener.changed();
  }

  /** Shows the entries around this one. */
  async showAround(seq: number, limits: CallLimits): Promise<void> {
    if (this.isLoading || this.held.shown.at(seq) !== undefined) return;
    const { loading } = this;
    if (this.held.newest.at(seq) === undefined) {
      const [before, after] = await Promise.all([
        this.list({ case: 'beforeSeq', value: seq + 1 }, limits),
        this.list({ case: 'afterSeq', value: seq }, limits),
      ]);
      if (loading.signal.aborted || this.isLoading) return;
      this.held.show(new EntryList([...before.entries, ...after.entries], before.nextPageToken !== ''));
      this.listener.took(this.entries);
    } else {
      this.held.showNewest();
    }
    this.listener.changed();
  }

  private show(list: EntryList, arrived: readonly Entry[]): void {
    this.held = new EntryWindow(list);
    this.listener.took(list.entries);
    for (const entry of arrived) this.add(entry);
    this.listener.changed();
  }

  private add(entry: Entry): void {
    if (this.held.append(entry) === 'gap') {
      void this.reload(entry.seq);
      return;
    }
    this.listener.took([entry]);
    if (entry.content.case === 'messageEdited') void this.reloadTarget(entry.content.value.targetSeq, entry);
  }

  /** An edit names its target only: the text is read from there, again while a lagging reader still has an older one. */
  private async reloadTarget(seq: number, edit: Entry): Promise<void> {
    const { signal } = this.loading;
    const position = { case: 'afterSeq', value: seq - 1 } as const;
    const isOld = (): boolean => !this.held.shown.holds(edit, seq) || !this.held.newest.holds(edit, seq);
    if (this.held.at(seq) === undefined) return;
    try {
      const limits = { signal, deadlineMs: Number.POSITIVE_INFINITY };
      for (let tries = 0; tries < LAG_TRIES && isOld(); tries += 1) {
        if (tries > 0) await delay(LAG_MS, signal);
        const { entries } = await this.list(position, limits, 1);
        if (signal.aborted) return;
        for (const entry of entries) this.held.replace(entry);
      }
    } catch (failure) {
      if (signal.aborted) return;
      this.failure = ChatError.from(failure);
    }
    this.listener.changed();
  }

  private async loadPageBefore(limits: CallLimits): Promise<void> {
    if (!this.hasOlder || this.isLoading) return;
    const { loading, held } = this;
    const { firstSeq } = held.shown;
    const page = await this.list({ case: 'beforeSeq', value: firstSeq }, limits);
    // Somewhere else by now: this page does not belong there.
    if (loading.signal.aborted || held.shown.firstSeq !== firstSeq) return;
    held.prepend(page.entries, page.nextPageToken !== '');
    this.listener.took(page.entries);
    this.listener.changed();
  }

  private async loadPageAfter(limits: CallLimits): Promise<void> {
    if (!this.hasNewer || this.isLoading) return;
    const { loading, held } = this;
    const { lastSeq } = held.shown;
    const page = held.isNewerMissing ? await this.list({ case: 'afterSeq', value: lastSeq }, limits) : undefined;
    if (loading.signal.aborted || held.shown.lastSeq !== lastSeq) return;
    held.extend(page?.entries ?? []);
    this.listener.took(page?.entries ?? []);
    this.listener.changed();
  }

  private list(
    position: Position,
    limits: CallLimits,
    pageSize = this.parts.pageSize ?? 50,
  ): Promise<ListEntriesResponse> {
    return this.parts.chat.listEntries({ conversationId: this.conversationId, position, pageSize }, limits);
  }
}
