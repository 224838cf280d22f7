import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import { Code } from '@connectrpc/connect';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ResetReason, type Conversation, type Progress, type Reset } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Role, Side } from '@energy-chat/contract/person_pb.js';
import type { CaseRating, Chat, SendOptions } from './chat.js';
import { ChatError } from './chat-error.js';
import { History } from './history.js';
import type { Outgoing } from './outgoing/outgoing.js';
import type { OutgoingQueue, PendingSend } from './outgoing/outgoing-queue.js';
import { ProgressReporter } from './progress-reporter.js';
import type { CallLimits } from './retry.js';
import { ServerClock } from './server-clock.js';
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

/** How long a message may be changed by its author, as the service has it. */
const CHANGEABLE_MS = 15 * 60_000;

/**
 * One conversation as a page shows it, from `open` to `close`. Invariants: `entries` is one run of seqs without a hole,
 * bounded (EntryWindow); `row` is replaced only by a higher version; a message of one's own stands either in `pending`
 * or in the log, never in both and never in neither. What was delivered is told to the service by itself, what was read by `seen`.
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
  private readonly history: History;
  private readonly clock = new ServerClock();
  private held: Conversation | undefined;
  /** The next row replaces the held one whatever its version. */
  private versionsRestart = false;
  private otherSideThere: boolean | undefined;
  private stopListening: (() => void) | undefined;
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
    this.history = new History(conversationId, parts, {
      took: (entries) => this.landed(entries),
      changed: () => {
        this.reportProgress();
        this.changed();
      },
    });
    this.progress = new ProgressReporter((mark) => this.myChat().markProgress({ conversationId, ...mark }));
  }

  /** What is shown: one run, up to the newest entry unless `hasNewer`. */
  get entries(): readonly Entry[] {
    return this.history.entries;
  }

  /** The newest entries, also while others are shown. */
  get newest(): readonly Entry[] {
    return this.history.newest;
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

  /** There is more history before `entries`. */
  get hasOlder(): boolean {
    return this.history.hasOlder;
  }

  /** `entries` end before the newest one. */
  get hasNewer(): boolean {
    return this.history.hasNewer;
  }

  /** The newest page is on its way: at first, or again after a reset; until then `entries` are those of before. */
  get isLoading(): boolean {
    return this.history.isLoading;
  }

  /** What `seen` was told, within the entries that are held. */
  get seenUpTo(): number {
    return this.seenSeq;
  }

  /** Why the page could not be loaded again after a reset. */
  get error(): ChatError | undefined {
    return this.history.error;
  }

  tickOf(entry: Entry): Tick | undefined {
    return tickOf(entry, this.me.side, this.progressOf('other'));
  }

  /** One's own message that may still be edited or removed, by the service's time as far as it is known. */
  isChangeable({ author, content, createdTime }: Entry): boolean {
    if (content.case !== 'message' || content.value.removedTime !== undefined) return false;
    if (author?.id !== this.me.id || createdTime === undefined) return false;
    return this.clock.now() - timestampMs(createdTime) < CHANGEABLE_MS;
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
    try {
      // The queue first, so that what is answered from here on is in the page that is asked for, or is heard of.
      const epoch = await this.history.open(this.queue.loaded, limits);
      if (epoch === undefined) return;
      this.parts.watch.watchConversation(this.conversationId, this.history.newestSeq, epoch);
    } catch (failure) {
      this.close();
      throw ChatError.from(failure);
    }
  }

  /** Messages that have no answer yet are sent all the same. */
  close(): void {
    this.history.close();
    if (this.stopListening === undefined) return;
    this.stopListening();
    this.progress.stop();
    this.parts.chat.stopTyping(this.conversationId);
    this.parts.watch.unwatch(this.conversationId);
  }

  /** The page before the oldest entry that is shown; whoever asks meanwhile shares it. */
  loadOlder(limits: CallLimits = {}): Promise<void> {
    return this.history.loadOlder(limits);
  }

  /** What comes after the newest entry that is shown; whoever asks meanwhile shares it. */
  loadNewer(limits: CallLimits = {}): Promise<void> {
    return this.history.loadNewer(limits);
  }

  /** Shows the entries around this one. */
  showAround(seq: number, limits: CallLimits = {}): Promise<void> {
    return this.history.showAround(seq, limits);
  }

  /** Shows the newest entries, at once. */
  showNewest(): void {
    this.history.showNewest();
  }

  /** Whether the reader is at the end: which entries give way when there are too many. */
  readAtEnd(isAtEnd: boolean): void {
    this.history.isReadAtEnd = isAtEnd;
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
    this.seenSeq = Math.max(this.seenSeq, Math.min(seq, this.history.newestSeq));
    this.reportProgress();
  }

  private entryArrived(entry: Entry): void {
    if (entry.conversationId !== this.conversationId) return;
    if (this.parts.watch.status === 'live') this.clock.heard(entry.createdTime);
    this.history.arrived(entry);
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
    void this.history.reload(afterSeq);
  }

  private landed(entries: readonly Entry[]): void {
    const mine = entries.filter(({ requestId, author }) => requestId !== '' && author?.id === this.me.id);
    for (const { requestId } of mine) this.landedIds.add(requestId);
    this.answered = this.answered.filter(({ seq }) => seq > this.history.newestSeq);
    this.clock.read(entries.at(-1)?.createdTime);
    // Last, since the queue tells of each at once.
    for (const { requestId, seq } of mine) this.queue.landed(requestId, seq);
  }

  private messageAnswered(conversationId: string, sent: PendingSend, seq: number): void {
    if (conversationId !== this.conversationId || seq <= this.history.newestSeq) return;
    this.answered = [...this.answered, { ...sent, seq }];
  }

  /** What is told about the progress of one person must not go out as somebody else's. */
  private myChat(): Chat {
    const { chat, session } = this.parts;
    if (session.me === undefined || session.me.id === this.me.id) return chat;
    throw new ChatError(Code.Unauthenticated, 'OTHER_PERSON', 'Somebody else has signed in.');
  }

  private reportProgress(): void {
    const deliveredSeq = this.newestOfOthers(this.history.newestSeq);
    const readSeq = this.readCounts() ? this.newestOfOthers(this.seenSeq) : 0;
    this.progress.reached({ deliveredSeq, readSeq });
  }

  /** An administrator reads for support only while the case is theirs. */
  private readCounts(): boolean {
    return this.me.side === Side.CLIENT || this.held?.openCase?.assignee?.id === this.me.id;
  }

  private newestOfOthers(upToSeq: number): number {
    const isTheirs = ({ seq, author, content }: Entry): boolean =>
      seq <= upToSeq &&
      author?.side !== this.me.side &&
      (content.case === 'message' || content.case === 'systemMessage');
    return (this.newest.findLast(isTheirs) ?? this.entries.findLast(isTheirs))?.seq ?? 0;
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
}
