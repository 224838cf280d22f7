import type { ElementRef } from '@angular/core';
import {
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  input,
  inputBinding,
  linkedSignal,
  outputBinding,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Severity } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { ChatConnection } from '../connection/chat-connection.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Icon } from '../icon/icon.js';
import { Clock } from '../language/clock.js';
import { Dates } from '../language/dates.js';
import { Texts } from '../language/texts.js';
import { Later } from '../later/later.js';
import type { LaterPart } from '../later/later.js';
import { MessageText } from '../text/message-text.js';
import { plainName } from '../text/plain-name.js';
import { Announcements } from './announcements.js';
import { isConversation, selectedLines } from './copied-text.js';
import type { CopiedLine } from './copied-text.js';
import { isBefore, isNews, threadLines } from './lines.js';
import type { CaseLine, Line } from './lines.js';
import { MessageItem } from './message-item.js';
import { ScrollPosition } from './scroll-position.js';

/** Which side looks at the thread. */
export type ThreadSide = 'client' | 'support';

/** Further pages are asked for this far ahead of the reader, in pixels. */
const AHEAD_PX = 800;
/** How long what was brought into view stands out, in milliseconds. */
const HIGHLIGHT_MS = 2_400;

/**
 * One conversation from its first entry to who types now. Nothing moves under the reader's eyes; what was visible in a
 * focused, visible page is told to the store as seen. What stands between the tags is shown while nothing was written.
 */
@Component({
  selector: 'chat-thread',
  imports: [Icon, Later, MessageItem, MessageText],
  templateUrl: './thread.html',
  styleUrls: ['../controls.css', './thread.css'],
  host: {
    '(window:focus)': 'reportSeen()',
    '(document:visibilitychange)': 'reportSeen()',
  },
})
export class Thread {
  readonly store = input.required<ConversationStore>();
  readonly side = input.required<ThreadSide>();

  protected readonly texts = inject(Texts);
  protected readonly dates = inject(Dates);
  private readonly me = inject(ChatConnection).me;
  private readonly clock = inject(Clock);
  private readonly mySide = computed(() => (this.side() === 'client' ? Side.CLIENT : Side.SUPPORT));

  /** Set once per opened thread, and anew when something arrives that nobody looks at. */
  private readonly unreadAfter = linkedSignal<ConversationStore, number | undefined>({
    source: this.store,
    computation: () => undefined,
  });
  private readonly knownSeq = linkedSignal<ConversationStore, number | undefined>({
    source: this.store,
    computation: () => undefined,
  });
  /** The newest entry that has been in view. */
  private readonly shownSeq = linkedSignal<ConversationStore, number>({ source: this.store, computation: () => 0 });
  /** The reader's first place is found. */
  private readonly hasBegun = linkedSignal<ConversationStore, boolean>({
    source: this.store,
    computation: () => false,
  });
  protected readonly isAtEnd = signal(true);
  /** The seq of what was brought into view just now. */
  protected readonly highlighted = signal<number | undefined>(undefined);
  private readonly day = computed(() => new Date(this.clock.now()).toDateString());
  /** Changes at midnight. */
  protected readonly today = computed(() => new Date(this.day()));

  protected readonly lines = computed<readonly Line[]>(() =>
    threadLines({
      entries: this.store().entries(),
      hasOlder: this.store().hasOlder(),
      // They stand after the newest entry, which has to be in sight for that.
      pending: this.store().hasNewer() ? [] : this.store().pending(),
      side: this.mySide(),
      myId: this.me()?.id,
      otherProgress: this.store().otherProgress(),
      unreadAfter: this.unreadAfter(),
    }),
  );
  protected readonly isEmpty = computed(
    () => this.lines().length === 0 && !this.store().loading() && !this.store().hasOlder(),
  );
  protected readonly newBelow = computed(() => {
    if (this.isAtEnd()) return 0;
    const from = this.shownSeq();
    return this.store()
      .newest()
      .filter((entry) => entry.seq > from && isNews(entry, this.mySide())).length;
  });
  /** What was unread begins before what is loaded. */
  protected readonly isUnreadAbove = computed(() => {
    const after = this.unreadAfter();
    const store = this.store();
    return after !== undefined && isBefore(after, { entries: store.entries(), hasOlder: store.hasOlder() });
  });
  /** "Read" stands under the last message that the other side has read. */
  protected readonly lastReadKey = computed(() =>
    this.store().hasNewer()
      ? undefined
      : this.lines().findLast((line) => line.kind === 'message' && line.tick === 'read')?.key,
  );
  /** The seq of the message that its author is about to remove. */
  protected readonly asked = signal<number | undefined>(undefined);
  protected readonly removeQuestion = async (): Promise<LaterPart> => {
    const { RemoveQuestion } = await import('./remove-question.js');
    const bindings = [
      inputBinding('store', this.store),
      inputBinding('seq', this.asked),
      outputBinding<number>('removed', (seq) => this.focusLine(seq)),
      outputBinding('closed', () => this.asked.set(undefined)),
    ];
    return { component: RemoveQuestion, bindings };
  };
  /** Seqs of one's own messages that may still be edited or removed. */
  protected readonly changeable = computed<ReadonlySet<number>>(
    () => {
      this.clock.now();
      const changeable = this.store()
        .entries()
        .filter((entry) => this.store().isChangeable(entry));
      return new Set(changeable.map(({ seq }) => seq));
    },
    { equal: (one, other) => [...one].join() === [...other].join() },
  );
  protected readonly typing = computed(() => {
    const names = this.store()
      .typists()
      .map(({ displayName }) => plainName(displayName));
    const [first] = names;
    if (first === undefined) return '';
    return names.length === 1
      ? this.texts.say('thread.typing', { name: first })
      : this.texts.sayCount('thread.typingMany', names.length);
  });
  private readonly announcements = new Announcements(this.texts);
  protected readonly announced = this.announcements.said;

  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');
  private readonly list = viewChild.required<ElementRef<HTMLElement>>('list');
  private position: ScrollPosition | undefined;
  private newestPending: string | undefined;

  constructor() {
    effect(() => this.noticeArrivals());
    effect(() => this.followOwnWords());
    effect(() => this.announcements.follow(this.store(), this.mySide()));
    afterRenderEffect(() => {
      this.lines();
      this.store().loadingOlder();
      this.store().hasNewer();
      this.store().wanted();
      this.isEmpty();
      this.knownSeq();
      untracked(() => this.settle());
    });
    this.followSize();
  }

  protected followScroll(): void {
    this.position?.remember();
    this.reportSeen();
    this.loadAhead();
  }

  protected scrollToEnd(): void {
    if (this.store().hasNewer()) {
      this.position?.pin();
      this.store().showNewest();
    } else {
      const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      this.position?.toEnd(isCalm ? 'auto' : 'smooth');
    }
    this.scroller().nativeElement.focus({ preventScroll: true });
  }

  protected showUnread(): void {
    const after = this.unreadAfter();
    if (after !== undefined) void this.store().showEntry(after + 1);
  }

  protected loadOlder(): void {
    void this.store().loadOlder();
  }

  /** Several messages are copied as what was said by whom and when. */
  protected copy(event: ClipboardEvent): void {
    const selection = getSelection();
    if (selection === null || selection.rangeCount === 0) return;
    const copied = selectedLines(selection.getRangeAt(0), this.list().nativeElement.children, this.lines());
    if (!isConversation(copied)) return;
    event.preventDefault();
    event.clipboardData?.setData('text/plain', copied.map((each) => this.copiedText(each)).join('\n'));
  }

  /** Of what is gone, to what stands in its place. */
  private focusLine(seq: number): void {
    const line = this.position?.lineOf(seq);
    if (line === undefined) return;
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
  }

  protected reportSeen(): void {
    // Before it is known what was unread, everything would count as read.
    if (this.position === undefined || this.knownSeq() === undefined) return;
    const { isAtEnd, place } = this.position;
    this.isAtEnd.set(isAtEnd);
    this.store().readAtEnd(isAtEnd);
    const seq = isAtEnd
      ? (this.store().newest().at(-1)?.seq ?? 0)
      : Number(this.position.lastVisible()?.getAttribute('data-seq') ?? 0);
    this.shownSeq.update((shown) => Math.max(shown, seq));
    if (this.hasBegun()) this.store().place = place && { ...place, shownSeq: this.shownSeq() };
    if (seq > 0 && this.isLookedAt()) this.store().seen(seq);
  }

  protected tickText(line: Line): string {
    if (line.kind !== 'message' || line.tick === undefined) return '';
    const readAt = this.store().readAt();
    if (line.tick === 'read' && line.key === this.lastReadKey() && readAt !== undefined && readAt.seq === line.seq) {
      return this.texts.say('thread.tick.readAt', { time: this.dates.time(readAt.time) });
    }
    return this.texts.say(`thread.tick.${line.tick}`);
  }

  protected caseText({ text, values, topic, time }: CaseLine): string {
    return this.texts.say(`thread.case.${this.side()}.${text}`, {
      ...values,
      day: this.dates.date(time),
      topic: this.texts.say(`topic.${topic}`),
    });
  }

  protected severityText(severity: Severity): string {
    return this.texts.say(`thread.severity.${severityName(severity)}`);
  }

  protected severityClass(severity: Severity): string {
    return severityName(severity);
  }

  /** The divider before what came while nobody looked; it stays until this side writes. */
  private noticeArrivals(): void {
    const entries = this.store().newest();
    const progress = this.store().myProgress();
    const isLoading = this.store().loading();
    untracked(() => {
      if (isLoading || progress === undefined) return;
      const known = this.knownSeq();
      this.knownSeq.set(entries.at(-1)?.seq ?? 0);
      if (known === undefined) {
        if (progress.unread > 0) this.unreadAfter.set(progress.readSeq);
        return;
      }
      const arrived = entries.filter(({ seq }) => seq > known);
      if (arrived.some(({ author, content }) => content.case === 'message' && author?.side === this.mySide())) {
        this.unreadAfter.set(undefined);
      } else if (arrived.some((entry) => isNews(entry, this.mySide())) && !this.isLookedAt()) {
        this.unreadAfter.update((after) => (progress.readSeq > (after ?? 0) ? known : (after ?? known)));
      }
    });
  }

  /** Who writes wants to see it, wherever they were reading. */
  private followOwnWords(): void {
    const newest = this.store()
      .pending()
      .findLast(({ isFromThisTab }) => isFromThisTab)?.requestId;
    if (newest === undefined || newest === this.newestPending) return;
    this.newestPending = newest;
    this.position?.pin();
    untracked(() => this.store().showNewest());
  }

  private settle(): void {
    this.position ??= new ScrollPosition(this.scroller().nativeElement, this.list().nativeElement);
    this.position.reachesEnd = !this.store().hasNewer();
    if (!this.hasBegun()) this.position.pin();
    this.position.restore();
    if (this.knownSeq() !== undefined && !this.hasBegun()) this.begin(this.position);
    this.showWanted(this.position);
    this.position.remember();
    this.reportSeen();
    this.loadAhead();
  }

  /** Where its reader left off, when this thread was in front before; else at the divider, or at the end. */
  private begin(position: ScrollPosition): void {
    this.hasBegun.set(true);
    const { place } = this.store();
    const line = place && position.lineOf(place.seq);
    const divider = this.list().nativeElement.querySelector('.unread');
    if (place !== undefined && line !== undefined) {
      this.shownSeq.set(place.shownSeq);
      position.toPlace(line, place.top);
    } else if (divider !== null) {
      position.toElement(divider);
    }
  }

  private showWanted(position: ScrollPosition): void {
    const wanted = this.store().wanted();
    if (wanted === undefined || !this.hasBegun()) return;
    this.store().wanted.set(undefined);
    const line = position.lineOf(wanted);
    if (line === undefined) return;
    position.toMiddle(line);
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
    const seq = Number(line.getAttribute('data-seq'));
    this.highlighted.set(seq);
    setTimeout(() => this.highlighted.update((now) => (now === seq ? undefined : now)), HIGHLIGHT_MS);
  }

  private loadAhead(): void {
    const store = this.store();
    if (this.position === undefined || store.failure() !== undefined) return;
    if (this.position.above <= AHEAD_PX && store.hasOlder()) void store.loadOlder();
    else if (this.position.below <= AHEAD_PX && store.hasNewer()) void store.loadNewer();
  }

  private copiedText({ line, selected }: CopiedLine): string {
    if (line.kind !== 'message' && line.kind !== 'system') return selected.replace(/\s+/g, ' ');
    const name = line.kind === 'system' ? line.source : line.author || (this.me()?.displayName ?? '');
    const time = line.time === undefined ? '' : this.dates.time(line.time);
    return this.texts.say('thread.copied', { name, time, text: selected });
  }

  private isLookedAt(): boolean {
    return document.visibilityState === 'visible' && document.hasFocus();
  }

  /** A keyboard on the screen, a composer or an editor that grows: who reads the end goes on reading it. */
  private followSize(): void {
    if (typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => {
      this.position?.restore();
      this.reportSeen();
    });
    effect((onCleanup) => {
      observer.observe(this.scroller().nativeElement);
      observer.observe(this.list().nativeElement);
      onCleanup(() => observer.disconnect());
    });
    inject(DestroyRef).onDestroy(() => observer.disconnect());
  }
}

function severityName(severity: Severity): 'info' | 'warning' | 'critical' {
  if (severity === Severity.CRITICAL) return 'critical';
  return severity === Severity.WARNING ? 'warning' : 'info';
}
