import type { ElementRef } from '@angular/core';
import {
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  input,
  linkedSignal,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import type { ChatError, Tick } from '@energy-chat/client';
import { Severity } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { ChatConnection } from '../connection/chat-connection.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { Icon } from '../icon/icon.js';
import type { IconName } from '../icon/icon.js';
import { Dates } from '../language/dates.js';
import { Texts } from '../language/texts.js';
import { MessageText } from '../text/message-text.js';
import { Announcements } from './announcements.js';
import { failureText } from './failure-text.js';
import { isNews, threadLines } from './lines.js';
import type { CaseLine, Line } from './lines.js';
import { ScrollPosition } from './scroll-position.js';

/** Which side looks at the thread. */
export type ThreadSide = 'client' | 'support';

/** Older pages are asked for this far ahead of the reader, in pixels. */
const AHEAD_PX = 800;

const TICK_ICONS: Readonly<Record<Tick, IconName>> = {
  sending: 'clock',
  failed: 'alert',
  sent: 'check',
  delivered: 'double-check',
  read: 'double-check',
};

/**
 * One conversation from its first entry to who types now. Nothing moves under the reader's eyes; what was visible in a
 * focused, visible page is told to the store as seen. What stands between the tags is shown while nothing was written.
 */
@Component({
  selector: 'chat-thread',
  imports: [Icon, MessageText],
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

  protected readonly lines = computed<readonly Line[]>(() =>
    threadLines({
      entries: this.store().entries(),
      pending: this.store().pending(),
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
      .entries()
      .filter((entry) => entry.seq > from && isNews(entry, this.mySide())).length;
  });
  /** "Read" stands under the last message that the other side has read. */
  protected readonly lastReadKey = computed(
    () => this.lines().findLast((line) => line.kind === 'message' && line.tick === 'read')?.key,
  );
  protected readonly typing = computed(() => {
    const names = this.store()
      .typists()
      .map(({ displayName }) => displayName);
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
      this.isEmpty();
      this.knownSeq();
      untracked(() => this.settle());
    });
    this.followSize();
  }

  protected followScroll(): void {
    this.position?.remember();
    this.reportSeen();
    this.loadOlderAhead();
  }

  protected scrollToEnd(): void {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.position?.toEnd(isCalm ? 'auto' : 'smooth');
    this.scroller().nativeElement.focus({ preventScroll: true });
  }

  protected reportSeen(): void {
    // Before it is known what was unread, everything would count as read.
    if (this.position === undefined || this.knownSeq() === undefined) return;
    this.isAtEnd.set(this.position.isAtEnd);
    const seq = this.position.isAtEnd
      ? (this.store().entries().at(-1)?.seq ?? 0)
      : Number(this.position.lastVisible()?.getAttribute('data-seq') ?? 0);
    this.shownSeq.update((shown) => Math.max(shown, seq));
    if (seq > 0 && this.isLookedAt()) this.store().seen(seq);
  }

  protected tickIcon(tick: Tick): IconName {
    return TICK_ICONS[tick];
  }

  protected tickText(line: Line): string {
    if (line.kind !== 'message' || line.tick === undefined) return '';
    const readAt = this.store().readAt();
    if (line.tick === 'read' && line.key === this.lastReadKey() && readAt !== undefined && readAt.seq === line.seq) {
      return this.texts.say('thread.tick.readAt', { time: this.dates.time(readAt.time) });
    }
    return this.texts.say(`thread.tick.${line.tick}`);
  }

  protected failureText(error: ChatError | undefined): string {
    return failureText(this.texts, error);
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
    const entries = this.store().entries();
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
  }

  private settle(): void {
    this.position ??= new ScrollPosition(this.scroller().nativeElement, this.list().nativeElement);
    if (!this.hasBegun()) this.position.pin();
    this.position.restore();
    if (this.knownSeq() !== undefined && !this.hasBegun()) {
      this.hasBegun.set(true);
      // Who missed more than fits begins where they left off.
      const divider = this.list().nativeElement.querySelector('.unread');
      if (divider !== null) this.position.toElement(divider);
    }
    this.position.remember();
    this.reportSeen();
    this.loadOlderAhead();
  }

  private loadOlderAhead(): void {
    if (this.position === undefined || this.position.above > AHEAD_PX) return;
    const store = this.store();
    if (store.hasOlder() && !store.loadingOlder() && store.failure() === undefined) void store.loadOlder();
  }

  private isLookedAt(): boolean {
    return document.visibilityState === 'visible' && document.hasFocus();
  }

  /** A keyboard on the screen, a composer that grows: who reads the end goes on reading it. */
  private followSize(): void {
    if (typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => {
      this.position?.restore();
      this.reportSeen();
    });
    effect((onCleanup) => {
      const element = this.scroller().nativeElement;
      observer.observe(element);
      onCleanup(() => observer.unobserve(element));
    });
    inject(DestroyRef).onDestroy(() => observer.disconnect());
  }
}

function severityName(severity: Severity): 'info' | 'warning' | 'critical' {
  if (severity === Severity.CRITICAL) return 'critical';
  return severity === Severity.WARNING ? 'warning' : 'info';
}
