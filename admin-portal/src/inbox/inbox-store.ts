import { Code } from '@connectrpc/connect';
import { computed, signal } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import type { Chat, PageWatch, Typist } from '@energy-chat/client';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { InboxCounts } from './inbox-counts.js';
import { InboxList } from './inbox-list.js';
import { filterOf } from './inbox-order.js';
import { WaitingClients } from './waiting-clients.js';

export interface InboxParts {
  readonly chat: Pick<Chat, 'listConversations' | 'getCounts'>;
  readonly watch: Pick<PageWatch, 'listen' | 'setInbox'>;
  readonly myId: string;
}

interface Held {
  readonly row: Conversation;
  readonly filter: InboxFilter;
  /** When the watch told it, by performance.now(); long ago when a page did. */
  readonly toldAt: number;
}

const LONG_AGO = Number.NEGATIVE_INFINITY;
const PAGE_SIZE = 100;
/** Rows are loaded this far ahead of what is looked at. */
const AHEAD = 30;
/** A page that was read just before a row was told may not have it yet, in milliseconds. */
const READ_LAG_MS = 2_000;

/**
 * The inbox as a page shows it, from `start` to `stop`. Invariants: of each conversation the row of the highest version
 * is held, whoever brought it, and stands in exactly one list; after every `caughtUp`, also one without a loss, what is
 * looked at is loaded again, because rows are never replayed; one page is on its way at a time.
 */
export class InboxStore {
  private readonly changes = signal(0);
  private readonly filter = signal(InboxFilter.WAITING);
  private readonly typingIn = signal<ReadonlySet<string>>(new Set());
  private readonly problem = signal<ChatError | undefined>(undefined);
  private readonly lists = new Map<InboxFilter, InboxList>();
  private readonly held = new Map<string, Held>();
  private readonly typists = new Map<string, Typist>();
  private readonly waiting = new WaitingClients();
  private readonly newClientListeners = new Set<(row: Conversation) => void>();
  private stopListening: (() => void) | undefined;
  private epoch: string | undefined;
  private isCaughtUp = false;
  private lookedAt = { first: 0, end: PAGE_SIZE };
  /** Of the page that is on its way. */
  private loading: AbortController | undefined;
  private doubtTimer: ReturnType<typeof setTimeout> | undefined;

  /** The list that is looked at. */
  readonly shown = this.filter.asReadonly();
  /** Its rows in order, as far as they were loaded. */
  readonly rows = computed<readonly Conversation[]>(() => {
    this.changes();
    return this.listOf(this.filter()).rows;
  });
  /** False until its first page is here. */
  readonly isLoaded = computed(() => {
    this.changes();
    return this.listOf(this.filter()).isLoaded;
  });
  readonly hasMore = computed(() => {
    this.changes();
    return this.listOf(this.filter()).hasMore;
  });
  /** Conversations in which the client types now. */
  readonly typing = this.typingIn.asReadonly();
  /** Why the last page could not be loaded. */
  readonly failure = this.problem.asReadonly();

  private readonly counter: InboxCounts;
  /** Each up to 1,000; undefined until the first answer. */
  readonly counts: InboxCounts['latest'];

  constructor(private readonly parts: InboxParts) {
    this.counter = new InboxCounts(parts.chat);
    this.counts = this.counter.latest;
  }

  start(): void {
    this.stopListening ??= this.parts.watch.listen({
      conversation: (row) => this.told(row),
      typing: (typist, typing) => this.typingChanged(typist, typing),
      caughtUp: (epoch) => this.caughtUp(epoch),
    });
    this.parts.watch.setInbox(true);
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
    this.loading?.abort();
    this.counter.stop();
    clearTimeout(this.doubtTimer);
    this.parts.watch.setInbox(false);
  }

  /** Looks at another list, from its top. */
  show(filter: InboxFilter): void {
    if (filter === this.filter()) return;
    this.filter.set(filter);
    this.lookedAt = { first: 0, end: PAGE_SIZE };
    this.problem.set(undefined);
    this.loadAnew();
  }

  /** The rows from `first` to before `end` are in view. */
  lookAt(first: number, end: number): void {
    this.lookedAt = { first, end: end + AHEAD };
    void this.load();
  }

  /** Tries again after a failure. */
  retry(): void {
    this.problem.set(undefined);
    void this.load();
    this.counter.want();
  }

  /** The newest row that is known, whichever list it stands in. */
  row(conversationId: string): Conversation | undefined {
    this.changes();
    return this.held.get(conversationId)?.row;
  }

  /** Calls it for every client who begins to wait while the page is open, once each. Answers the way to stop. */
  onNewClient(listener: (row: Conversation) => void): () => void {
    this.newClientListeners.add(listener);
    return () => this.newClientListeners.delete(listener);
  }

  private told(row: Conversation): void {
    const before = this.held.get(row.id);
    if (!this.hold(row, performance.now())) return;
    const wasMine = before?.filter === InboxFilter.MINE;
    if (this.waiting.isNew(row, before?.row, 'told') && !wasMine) this.tellNewClient(row);
    if (before?.filter !== this.held.get(row.id)?.filter) this.counter.want();
    this.changed();
  }

  private caughtUp(epoch: string): void {
    if (this.epoch !== undefined && this.epoch !== epoch) this.forgetEverything();
    this.epoch = epoch;
    this.isCaughtUp = true;
    for (const list of this.lists.values()) list.markStale();
    this.waiting.missed();
    this.problem.set(undefined);
    this.loadAnew();
    this.counter.want();
  }

  /** What is on its way was asked for too early or for another list. */
  private loadAnew(): void {
    this.loading?.abort();
    this.loading = undefined;
    void this.load();
  }

  private async load(): Promise<void> {
    if (this.loading !== undefined || !this.isCaughtUp || this.problem() !== undefined) return;
    const loading = new AbortController();
    this.loading = loading;
    try {
      while (await this.loadWanted(loading.signal));
    } catch (failure) {
      if (loading.signal.aborted) return;
      this.problem.set(ChatError.from(failure));
    } finally {
      if (this.loading === loading) this.loading = undefined;
    }
  }

  /** Answers whether there may be more to load. */
  private async loadWanted(signal: AbortSignal): Promise<boolean> {
    const filter = this.filter();
    const list = this.listOf(filter);
    const wanted = list.wanted(this.lookedAt.first, this.lookedAt.end);
    if (wanted === undefined) return false;
    const askedAt = performance.now();
    const rows: Conversation[] = [];
    let pageToken = wanted.token;
    do {
      const request = { filter, pageSize: PAGE_SIZE, pageToken };
      try {
        const page = await this.parts.chat.listConversations(request, { signal });
        if (signal.aborted) return false;
        rows.push(...page.conversations);
        pageToken = page.nextPageToken;
      } catch (failure) {
        if (ChatError.from(failure).code !== Code.InvalidArgument || pageToken === '') throw failure;
        // A token of a version of the service that is gone.
        list.restart();
        return true;
      }
    } while (!list.isAnswered(wanted, rows, pageToken));
    const left = list.loaded(wanted, rows, pageToken);
    const isDoubtful = ({ id }: Conversation): boolean =>
      (this.held.get(id)?.toldAt ?? LONG_AGO) > askedAt - READ_LAG_MS;
    for (const each of left) if (!isDoubtful(each)) this.drop(each.id);
    if (left.some(isDoubtful)) this.lookAgainLater(list);
    for (const row of rows) {
      const before = this.held.get(row.id)?.row;
      if (this.hold(row, LONG_AGO) && this.waiting.isNew(row, before, 'loaded')) this.tellNewClient(row);
    }
    this.changed();
    return true;
  }

  /** Rows that were told a moment ago are missing: they are too new for this page, or they have left untold. */
  private lookAgainLater(list: InboxList): void {
    clearTimeout(this.doubtTimer);
    this.doubtTimer = setTimeout(() => {
      list.markStale();
      void this.load();
    }, READ_LAG_MS);
  }

  /** Whether it is news. */
  private hold(row: Conversation, toldAt: number): boolean {
    const before = this.held.get(row.id);
    if (before !== undefined && row.version <= before.row.version) return false;
    const filter = filterOf(row, this.parts.myId);
    if (before !== undefined) this.listOf(before.filter).remove(before.row);
    this.listOf(filter).put(row);
    this.held.set(row.id, { row, filter, toldAt });
    return true;
  }

  private drop(id: string): void {
    const before = this.held.get(id);
    if (before === undefined) return;
    this.listOf(before.filter).remove(before.row);
    this.held.delete(id);
  }

  private forgetEverything(): void {
    this.lists.clear();
    this.held.clear();
    this.changed();
  }

  private typingChanged(typist: Typist, typing: boolean): void {
    if (typist.side !== Side.CLIENT) return;
    const key = `${typist.conversationId} ${typist.personId}`;
    if (typing) this.typists.set(key, typist);
    else this.typists.delete(key);
    this.typingIn.set(new Set(Array.from(this.typists.values(), ({ conversationId }) => conversationId)));
  }

  private tellNewClient(row: Conversation): void {
    for (const listener of [...this.newClientListeners]) listener(row);
  }

  private listOf(filter: InboxFilter): InboxList {
    let list = this.lists.get(filter);
    if (list === undefined) {
      list = new InboxList();
      this.lists.set(filter, list);
    }
    return list;
  }

  private changed(): void {
    this.changes.update((count) => count + 1);
  }
}
