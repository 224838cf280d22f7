import { computed, signal } from '@angular/core';
import type { WritableSignal } from '@angular/core';
import { ChatError, ConversationView } from '@energy-chat/client';
import type { CaseRating, PendingSend, Typist, ViewParts } from '@energy-chat/client';
import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import type { Conversation, Progress } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Role } from '@energy-chat/contract/person_pb.js';

/** Where a reader stands: the entry that is first in sight, how far below the top, and the newest that was in view. */
export interface ReadingPlace {
  readonly seq: number;
  /** Pixels. */
  readonly top: number;
  readonly shownSeq: number;
}

/**
 * One open conversation as signals, made and ended by ConversationStores. What each means stands at ConversationView;
 * this class adds what its reader is about: the draft, a message that is being edited, the place in the thread, and when
 * the other side was seen to read.
 */
export class ConversationStore {
  private readonly changes = signal(0);
  private readonly openFailure = signal<ChatError | undefined>(undefined);
  private readonly pageFailure = signal<ChatError | undefined>(undefined);
  private readonly isOpening = signal(true);
  private readonly isLoadingOlder = signal(false);
  private readonly isLoadingNewer = signal(false);
  private readonly isLoadingAround = signal(false);
  private readonly view = signal<ConversationView | undefined>(undefined);
  private readonly isClient: boolean;
  private knownReadSeq: number | undefined;
  private readonly toldReadAt = signal<{ readonly seq: number; readonly time: Date } | undefined>(undefined);

  /** What stands in the composer. */
  readonly draft = signal('');
  /** What its person says that it is about, before it opens a case; undefined: they have not said. */
  readonly topic = signal<CaseTopic | undefined>(undefined);
  /** One's own message that is being edited, and its text so far. */
  readonly editing = signal<{ readonly seq: number; readonly text: string } | undefined>(undefined);
  /** What the client is about to say of a closed case. */
  readonly ratingDraft = signal<CaseRating | undefined>(undefined);
  /** Kept while the thread is out of sight; undefined at its end. */
  place: ReadingPlace | undefined;
  /** The seq that `showEntry` was asked for, once it is here: the thread brings it into view, and clears this. */
  readonly wanted = signal<number | undefined>(undefined);

  readonly entries = computed<readonly Entry[]>(() => this.shown()?.entries ?? []);
  /** The newest, also while older ones are shown. */
  readonly newest = computed<readonly Entry[]>(() => this.shown()?.newest ?? []);
  readonly pending = computed<readonly PendingSend[]>(() => this.shown()?.pending ?? []);
  readonly row = computed<Conversation | undefined>(() => this.shown()?.row);
  readonly typists = computed<readonly Typist[]>(() => this.shown()?.typing ?? [], { equal: sameItems });
  /** Undefined: not known. */
  readonly otherSideThere = computed<boolean | undefined>(() => this.shown()?.otherSidePresent);
  readonly hasOlder = computed(() => this.shown()?.hasOlder ?? false);
  readonly hasNewer = computed(() => this.shown()?.hasNewer ?? false);
  /** The newest page is on its way: at first, or again after a reset. */
  readonly loading = computed(() => this.isOpening() || (this.shown()?.isLoading ?? false));
  readonly loadingOlder = this.isLoadingOlder.asReadonly();
  readonly loadingNewer = this.isLoadingNewer.asReadonly();
  readonly failure = computed(() => this.openFailure() ?? this.pageFailure() ?? this.shown()?.error);
  readonly otherProgress = computed<Progress | undefined>(() =>
    this.isClient ? this.row()?.supportProgress : this.row()?.clientProgress,
  );
  readonly myProgress = computed<Progress | undefined>(() =>
    this.isClient ? this.row()?.clientProgress : this.row()?.supportProgress,
  );
  /** How far the other side read when that last moved while this page was connected; the service keeps no such time. */
  readonly readAt = this.toldReadAt.asReadonly();

  constructor(
    readonly conversationId: string,
    private readonly parts: ViewParts,
  ) {
    this.isClient = parts.session.me?.role === Role.CLIENT;
    this.open();
  }

  /** The highest seq that was visible in a visible, focused page. */
  get seenSeq(): number {
    return this.view()?.seenUpTo ?? 0;
  }

  /** Loads the conversation and watches it; again after a failure. */
  open(): void {
    this.view()?.close();
    const view = new ConversationView(this.conversationId, this.parts, () => this.viewChanged(view));
    this.view.set(view);
    this.openFailure.set(undefined);
    this.isOpening.set(true);
    view.open({ deadlineMs: Number.POSITIVE_INFINITY }).then(
      () => this.opened(view),
      (failure: unknown) => this.opened(view, ChatError.from(failure)),
    );
  }

  close(): void {
    this.view()?.close();
    this.view.set(undefined);
  }

  /** With the chosen topic, which counts when this opens a case. Answers whether it was taken: too many may wait already. */
  send(text: string): boolean {
    try {
      const isTaken = this.view()?.send(text, this.topic()) !== undefined;
      if (isTaken) this.topic.set(undefined);
      return isTaken;
    } catch (failure) {
      if (failure instanceof ChatError) return false;
      throw failure;
    }
  }

  /** Tries a failed message again. */
  retry(requestId: string): void {
    this.view()?.retry(requestId);
  }

  /** Forgets a failed message. */
  discard(requestId: string): void {
    this.view()?.discard(requestId);
  }

  /** The client's word on a closed case. Throws ChatError, CASE_RATED when it has another one already. */
  async rate(rating: CaseRating): Promise<void> {
    await this.view()?.rate(rating);
  }

  /** Entries up to this seq were visible in a visible, focused page. */
  seen(seq: number): void {
    this.view()?.seen(seq);
  }

  loadOlder(): Promise<void> {
    return this.load(this.isLoadingOlder, (view) => (view.hasOlder ? view.loadOlder() : undefined));
  }

  loadNewer(): Promise<void> {
    return this.load(this.isLoadingNewer, (view) => (view.hasNewer ? view.loadNewer() : undefined));
  }

  /** Loads what is around this entry, and has the thread show it. */
  async showEntry(seq: number): Promise<void> {
    await this.load(this.isLoadingAround, (view) => view.showAround(seq));
    if (this.failure() === undefined) this.wanted.set(seq);
  }

  /** Shows the newest entries, at once. */
  showNewest(): void {
    this.view()?.showNewest();
  }

  /** Whether the reader is at the end: which entries give way when there are too many. */
  readAtEnd(isAtEnd: boolean): void {
    this.view()?.readAtEnd(isAtEnd);
  }

  /** One's own message, within 15 minutes. */
  isChangeable(entry: Entry): boolean {
    return this.shown()?.isChangeable(entry) ?? false;
  }

  /** Throws ChatError: TOO_LATE, MESSAGE_GONE, or what the network says. */
  async edit(seq: number, text: string): Promise<void> {
    await this.view()?.edit(seq, text);
  }

  /** For everybody and for good. Throws ChatError: TOO_LATE, or what the network says. */
  async remove(seq: number): Promise<void> {
    await this.view()?.remove(seq);
  }

  /** Call on each keystroke. */
  typing(): void {
    this.parts.chat.typing(this.conversationId);
  }

  /** The text was cleared. */
  stopTyping(): void {
    this.parts.chat.stopTyping(this.conversationId);
  }

  private async load(
    isLoading: WritableSignal<boolean>,
    work: (view: ConversationView) => Promise<void> | undefined,
  ): Promise<void> {
    const view = this.view();
    if (view === undefined || isLoading()) return;
    isLoading.set(true);
    this.pageFailure.set(undefined);
    try {
      await work(view);
    } catch (failure) {
      this.pageFailure.set(ChatError.from(failure));
    } finally {
      isLoading.set(false);
    }
  }

  private shown(): ConversationView | undefined {
    this.changes();
    return this.view();
  }

  private viewChanged(view: ConversationView): void {
    if (view !== this.view()) return;
    this.changes.update((count) => count + 1);
    this.noteReading();
  }

  private noteReading(): void {
    const readSeq = this.otherProgress()?.readSeq;
    if (readSeq === undefined) return;
    const moved = this.knownReadSeq !== undefined && readSeq > this.knownReadSeq;
    if (moved && this.parts.watch.status === 'live') this.toldReadAt.set({ seq: readSeq, time: new Date() });
    this.knownReadSeq = readSeq;
  }

  private opened(view: ConversationView, failure?: ChatError): void {
    if (view !== this.view()) return;
    this.openFailure.set(failure);
    this.isOpening.set(false);
    this.changes.update((count) => count + 1);
  }
}

function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
