import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import { Code } from '@connectrpc/connect';
import {
  ResetReason,
  type Conversation,
  type ListEntriesRequest,
  type Progress,
  type Reset,
} from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Role, Side } from '@energy-chat/contract/person_pb.js';
import type { CaseRating, Chat, SendOptions } from './chat.js';
import { ChatError } from './chat-error.js';
import { delay, waitFor } from './delay.js';
import { EntryList } from './entry-list.js';
import type { Outgoing } from './outgoing/outgoing.js';
import type { OutgoingQueue, PendingSend } from './outgoing/outgoing-queue.js';
import { ProgressReporter } from './progress-reporter.js';
import type { CallLimits } from './retry.js';
import type { Session } from './session.js';
import { tickOf, type Tick } from './tick.js';
import type { PresenceNews, Typist } from './watch-listener.js';
import type { PageWatch } from './watch.js';

export interface ViewParts {
  readonly chat: Chat;
  readonly watch: PageWatch;
  readonly session: Session;
  readonly outgoing: Outgoing;
  /** Entries in a page of history, 1 to 100; 50 unless given. */
  readonly pageSize?: number;
}

type Position = ListEntriesRequest['position'];
type Page = Pick<ListEntriesRequest, 'conversationId' | 'position' | 'pageSize'>;

/** How often and how long apart a lagging reader of the log is asked again. */
const LAG_TRIES = 50;
const LAG_MS = 200;

/**
 * One conversation as a page shows it, from `open` to `close`. Invariants: `entries` is one run of seqs without a hole;
 * `row` is replaced only by a higher version; a message of one's own stands either in `pending` or in `entries`, never
 * in both and never in neither. What was delivered is told to the service by itself, what was read by `seen`.
 */
export class ConversationView {
  private readonly me: { readonly id: string; readonly side: Side };
  private readonly queue: OutgoingQueue;
  /** Of one's own messages that the log shows; the queue may hear of it later. */
  private readonly landedIds = new Set<string>();
  /** Answered, and not in `entries` yet. */
  private answered: readonly (PendingSend & { readonly seq: number })[] = [];
  private readonly progress: ProgressReporter;
  private readonly typists = new Map<string, Typist>();
  private list = new EntryList();
  private held: Conversation | undefined;
  /** The next row replaces the held one whatever its version. */
  private versionsRestart = false;
  private olderToken = '';
  private olderLoading: Promise<void> | undefined;
  private otherSideThere: boolean | undefined;
  private stopListening: (() => void) | undefined;
  /** Entries that arrive while the newest page is loaded; undefined when none is. */
  private arriving: Entry[] | undefined;
  /** Of the newest page in use: ends what was asked for on behalf of an earlier one. */
  private loading = new AbortController();
  private failure: ChatError | undefined;
  private seenSeq = 0;

  /** Somebody has to be signed in, and `outgoing` started. `changed` is called after every change; it may gather. */
  constructor(
    readonly conversationId: string,
    private readonly parts: ViewParts,
    private readonly changed: () => void = () => undefined,
  ) {
    const { me } = parts.session;
    const { queue } = parts.outgoing;
    if (me === undefined || queue === undefined) {
      throw new ChatError(Code.Unauthenticated, 'NEVER_SIGNED_IN', 'Sign in first.');
    }
    this.me = { id: me.id, side: me.role === Role.CLIENT ? Side.CLIENT : Side.SUPPORT };
    this.queue = queue;
    this.progress = new ProgressReporter((mark) => this.myChat().markProgress({ conversationId, ...mark }));
  }

  get entries(): readonly Entry[] {
    return this.list.entries;
  }

  /** Undefined until the watch has told it. */
  get row(): Conversation | undefined {
    return this.held;
  }

  /** One's own messages that the log does not show yet; they stand after the entries, in this order. */
  get pending(): readonly PendingSend[] {
    const unsent = this.queue.of(this.conversationId).filter(({ requestId }) => !this.landedIds.has(requestId));
    return [...this.answered, ...unsent];
  }

  /** Who else types. */
  get typing(): readonly Typist[] {
    return [...this.typists.values()];
  }

  /** To a client: support is available. To an administrator: the client is connected. Undefined: not known. */
  get otherSidePresent(): boolean | undefined {
    return this.otherSideThere;
  }

  /** There is more history than `entries`. */
  get hasOlder(): boolean {
    return this.olderToken !== '';
  }

  /** The newest page is on its way: at first, or again after a reset; until then `entries` are those of before. */
  get isLoading(): boolean {
    return this.arriving !== undefined;
  }

  /** What `seen` was told, within the entries that are held. */
  get seenUpTo(): number {
    return this.seenSeq;
  }

  /** Why the page could not be loaded again after a reset. */
  get error(): ChatError | undefined {
    return this.failure;
  }

  tickOf(entry: Entry): Tick | undefined {
    return tickOf(entry, this.me.side, this.progressOf('other'));
  }

  /** Loads the newest page and watches from there, once. Throws what ListEntries refuses. */
  async open(limits: CallLimits = {}): Promise<void> {
    if (this.stopListening !== undefined) return;
    const stopWatching = this.parts.watch.listen({
      entry: (entry) => this.entryArrived(entry),
      conversation: (row) => this.rowChanged(row),
      typing: (typist, typing) => this.typingChanged(typist, typing),
      presence: (news) => this.presenceChanged(news),
      reset: (reset) => this.reset(reset),
      caughtUp: () => this.progress.flush(),
    });
    const stopQueue = this.queue.listen({
      changed: () => this.changed(),
      answered: (conversationId, sent, seq) => this.messageAnswered(conversationId, sent, seq),
    });
    this.stopListening = () => {
      stopWatching();
      stopQueue();
    };
    this.arriving = [];
    try {
      // First, so that what is answered from here on is in the page that is asked for, or is heard of.
      await waitFor(this.queue.loaded, limits.signal ?? this.loading.signal);
      const page = await this.parts.chat.listEntries(this.page(), { signal: this.loading.signal, ...limits });
      this.arriving = undefined;
      if (this.loading.signal.aborted) return;
      this.show(new EntryList(page.entries), page.nextPageToken, []);
      this.parts.watch.watchConversation(this.conversationId, this.list.lastSeq, page.epoch);
    } catch (failure) {
      this.close();
      throw ChatError.from(failure);
    }
  }

  /** Messages that have no answer yet are sent all the same. */
  close(): void {
    this.loading.abort();
    this.arriving = undefined;
    if (this.stopListening === undefined) return;
    this.stopListening();
    this.progress.stop();
    this.parts.chat.stopTyping(this.conversationId);
    this.parts.watch.unwatch(this.conversationId);
  }

  /** The page before the oldest entry; whoever asks meanwhile shares it. */
  loadOlder(limits: CallLimits = {}): Promise<void> {
    this.olderLoading ??= this.loadPageBefore(limits).finally(() => {
      this.olderLoading = undefined;
    });
    return this.olderLoading;
  }

  /** `topic` counts when this message opens a case. Throws QUEUE_FULL when too many messages wait already. */
  send(text: string, topic?: CaseTopic): PendingSend {
    return this.queue.send(this.conversationId, text, { topic, ...this.seenCase() });
  }

  /** Tries a failed message again, as the page shows the conversation now. */
  retry(requestId: string): void {
    this.queue.retry(requestId, this.seenCase());
  }

  /** Forgets a failed message. */
  discard(requestId: string): void {
    this.queue.discard(requestId);
  }

  /** Another text for one's own message. Throws TOO_LATE or MESSAGE_GONE. */
  async edit(seq: number, text: string): Promise<void> {
    await this.myChat().editMessage(this.conversationId, seq, text);
  }

  /** Takes one's own message away for everybody. Throws TOO_LATE. */
  async remove(seq: number): Promise<void> {
    await this.myChat().removeMessage(this.conversationId, seq);
  }

  /** The client's word on a closed case. Throws CASE_RATED when it has another one already. */
  async rate(rating: CaseRating): Promise<void> {
    await this.myChat().rateCase(this.conversationId, rating);
  }

  /** Entries up to this seq were visible in a visible, focused page with this conversation in front. */
  seen(seq: number): void {
    this.seenSeq = Math.max(this.seenSeq, Math.min(seq, this.list.lastSeq));
    this.reportProgress();
  }

  private entryArrived(entry: Entry): void {
    if (entry.conversationId !== this.conversationId) return;
    if (this.arriving !== undefined) {
      this.arriving.push(entry);
      return;
    }
    this.add(entry);
    this.reportProgress();
    this.changed();
  }

  private rowChanged(row: Conversation): void {
    if (row.id !== this.conversationId) return;
    if (this.held !== undefined && !this.versionsRestart && row.version <= this.held.version) return;
    this.held = row;
    this.versionsRestart = false;
    const mine = this.progressOf('mine');
    if (mine !== undefined) this.progress.knownToService(mine);
    this.reportProgress();
    this.changed();
  }

  private typingChanged(typist: Typist, typing: boolean): void {
    if (typist.conversationId !== this.conversationId || typist.personId === this.me.id) return;
    if (typing) this.typists.set(typist.personId, typist);
    else this.typists.delete(typist.personId);
    this.changed();
  }

  private presenceChanged(news: PresenceNews): void {
    if (news.kind === 'client' && news.conversationId !== this.conversationId) return;
    this.otherSideThere = news.kind === 'client' ? news.online : news.available;
    this.changed();
  }

  private reset({ conversationId, reason, afterSeq }: Reset): void {
    if (conversationId !== this.conversationId) return;
    if (reason !== ResetReason.TOO_FAR_BEHIND && reason !== ResetReason.BELOW_FIRST) {
      this.versionsRestart = true;
      this.seenSeq = 0;
      this.progress.restart();
    }
    void this.reload(afterSeq);
  }

  /** The newest page in place of all entries; nothing between it and what the watch tells after `afterSeq` is missing. */
  private async reload(afterSeq: number): Promise<void> {
    this.loading.abort();
    const loading = new AbortController();
    this.loading = loading;
    const arriving: Entry[] = [];
    this.arriving = arriving;
    this.changed();
    const limits = { signal: loading.signal, deadlineMs: Number.POSITIVE_INFINITY };
    try {
      const page = await this.parts.chat.listEntries(this.page(), limits);
      const list = new EntryList(page.entries);
      for (let tries = 0; list.lastSeq < afterSeq; tries += 1) {
        if (tries === LAG_TRIES) throw new ChatError(Code.Unavailable, '', 'The newest messages cannot be read yet.');
        if (tries > 0) await delay(LAG_MS, loading.signal);
        const more = await this.parts.chat.listEntries(this.page({ case: 'afterSeq', value: list.lastSeq }), limits);
        for (const entry of more.entries) list.append(entry);
      }
      if (loading.signal.aborted) return;
      this.arriving = undefined;
      this.failure = undefined;
      this.show(list, page.nextPageToken, arriving);
    } catch (failure) {
      if (loading.signal.aborted) return;
      this.failure = ChatError.from(failure);
      this.changed();
    }
  }

  private show(list: EntryList, olderToken: string, arrived: readonly Entry[]): void {
    this.list = list;
    this.olderToken = olderToken;
    this.answered = this.answered.filter(({ seq }) => seq > list.lastSeq);
    this.landed(list.entries);
    for (const entry of arrived) this.add(entry);
    this.reportProgress();
    this.changed();
  }

  private add(entry: Entry): void {
    const outcome = this.list.append(entry);
    if (outcome === 'gap') {
      void this.reload(entry.seq);
      return;
    }
    this.landed([entry]);
    if (entry.content.case === 'messageEdited') void this.reloadTarget(entry.content.value.targetSeq, entry);
  }

  private landed(entries: readonly Entry[]): void {
    const mine = entries.filter(({ requestId, author }) => requestId !== '' && author?.id === this.me.id);
    for (const { requestId } of mine) this.landedIds.add(requestId);
    this.answered = this.answered.filter(({ requestId }) => !this.landedIds.has(requestId));
    // Last, since the queue tells of each at once.
    for (const { requestId, seq } of mine) this.queue.landed(requestId, seq);
  }

  private messageAnswered(conversationId: string, sent: PendingSend, seq: number): void {
    if (conversationId !== this.conversationId || seq <= this.list.lastSeq) return;
    this.answered = [...this.answered, { ...sent, seq }];
  }

  /** An edit names its target only: the text is read from there, again while a lagging reader still has an older one. */
  private async reloadTarget(seq: number, edit: Entry): Promise<void> {
    if (this.list.at(seq) === undefined) return;
    const { signal } = this.loading;
    const position = { case: 'afterSeq', value: seq - 1 } as const;
    try {
      const limits = { signal, deadlineMs: Number.POSITIVE_INFINITY };
      for (let tries = 0; tries < LAG_TRIES && !this.list.holds(edit, seq); tries += 1) {
        if (tries > 0) await delay(LAG_MS, signal);
        const { entries } = await this.parts.chat.listEntries({ ...this.page(position), pageSize: 1 }, limits);
        if (signal.aborted) return;
        for (const entry of entries) this.list.replace(entry);
      }
    } catch (failure) {
      if (signal.aborted) return;
      this.failure = ChatError.from(failure);
    }
    this.changed();
  }

  private async loadPageBefore(limits: CallLimits): Promise<void> {
    if (this.olderToken === '' || this.isLoading) return;
    const { loading } = this;
    const position = { case: 'beforeSeq', value: this.list.firstSeq } as const;
    const page = await this.parts.chat.listEntries(this.page(position), limits);
    if (loading.signal.aborted) return;
    this.list.prepend(page.entries);
    this.olderToken = page.nextPageToken;
    this.landed(page.entries);
    this.changed();
  }

  /** What is told about the progress of one person must not go out as somebody else's. */
  private myChat(): Chat {
    const { chat, session } = this.parts;
    if (session.me === undefined || session.me.id === this.me.id) return chat;
    throw new ChatError(Code.Unauthenticated, 'OTHER_PERSON', 'Somebody else has signed in.');
  }

  private reportProgress(): void {
    const deliveredSeq = this.newestOfOthers(this.list.lastSeq);
    const readSeq = this.readCounts() ? this.newestOfOthers(this.seenSeq) : 0;
    this.progress.reached({ deliveredSeq, readSeq });
  }

  /** An administrator reads for support only while the case is theirs. */
  private readCounts(): boolean {
    return this.me.side === Side.CLIENT || this.held?.openCase?.assignee?.id === this.me.id;
  }

  private newestOfOthers(upToSeq: number): number {
    const newest = this.list.entries.findLast(
      ({ seq, author, content }) =>
        seq <= upToSeq &&
        author?.side !== this.me.side &&
        (content.case === 'message' || content.case === 'systemMessage'),
    );
    return newest?.seq ?? 0;
  }

  private progressOf(side: 'mine' | 'other'): Progress | undefined {
    const client = (this.me.side === Side.CLIENT) === (side === 'mine');
    return client ? this.held?.clientProgress : this.held?.supportProgress;
  }

  private seenCase(): Pick<SendOptions, 'seenCase'> {
    const open = this.held?.openCase;
    if (this.me.side === Side.CLIENT || open === undefined) return {};
    return { seenCase: { caseId: open.id, revision: open.revision } };
  }

  private page(position: Position = { case: undefined }): Page {
    return { conversationId: this.conversationId, position, pageSize: this.parts.pageSize ?? 50 };
  }
}
