import { durationMs } from '@bufbuild/protobuf/wkt';
import { Code, createClient, type Client, type Transport } from '@connectrpc/connect';
import {
  ConversationService,
  SessionEndingReason,
  type SessionEnding,
  type WatchResponse,
} from '@energy-chat/contract/conversation_pb.js';
import { Backoff } from './backoff.js';
import { ChatError } from './chat-error.js';
import { Listeners } from './listeners.js';
import { conversationOf, LiveNews, type News } from './live-news.js';
import type { Session, SessionState } from './session.js';
import { SUSPECT_MS, WatchLine } from './watch-line.js';
import type { WatchListener, WatchStatus } from './watch-listener.js';
import { WatchPosition } from './watch-position.js';

export interface WatchOptions {
  /** What the device says about its network, in browsers navigator.onLine; always online unless given. */
  readonly online?: () => boolean;
  /** A line that tells nothing for so long is dead, in milliseconds; 62.5 s (2.5 heartbeats) unless given. */
  readonly silenceMs?: number;
  /** For a stream's first event, in milliseconds; 15 s unless given. */
  readonly openWithinMs?: number;
  /** Status `offline` after so long without a stream, in milliseconds; 15 s unless given. */
  readonly offlineAfterMs?: number;
  /** Wishes of the page within so many milliseconds make one new stream; 10 unless given. */
  readonly gatherMs?: number;
}

/** What pages use of a watch, be it the tab's own or one that all tabs share. */
export type PageWatch = Pick<Watch, keyof Watch>;

/** With these and a reason of the service, what the page asks for cannot be watched. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.PermissionDenied,
  Code.NotFound,
  Code.FailedPrecondition,
]);
/** A stream that is being opened for longer may be on a connection that died, in milliseconds. */
const PATIENCE_MS = 2_000;
/** A stream that met a replica which stops is opened elsewhere within so long, in milliseconds. */
const ELSEWHERE_MS = 1_000;
/** How long a planned change of streams may leave none before anybody notices, in milliseconds. */
const VACANCY_MS = 3_000;

/**
 * Watches conversations and the inbox over one stream, and takes up where it was whenever a stream ends.
 *
 * At most two streams are open: the one in use and its successor, which catches up from the cursors while the other
 * still tells. Entries and rows may come from both, because seq and version say what is new; typing and presence of
 * the successor are held until it takes over. The successor's `caught_up` makes the change, and then the old stream is
 * dropped: so a new wish of the page, a fresh token and a replica that goes away all pass without a gap, a repeat or a
 * flicker. When no stream is left, tries follow with full jitter, 0.2 s doubling to 10 s, and start small again after
 * `caught_up`.
 */
export class Watch {
  private readonly service: Client<typeof ConversationService>;
  private readonly options: Required<WatchOptions>;
  private readonly listeners = new Listeners<WatchListener>();
  private readonly position = new WatchPosition();
  private readonly news = new LiveNews(
    (typist, typing) => this.tell((each) => each.typing?.(typist, typing)),
    (news) => this.tell((each) => each.presence?.(news)),
  );
  private readonly backoff = new Backoff(200, 10_000);
  private current: WatchLine | undefined;
  private next: WatchLine | undefined;
  private told: WatchStatus = 'stopped';
  private personId: string | undefined;
  private stopListening: (() => void) | undefined;
  private everLive = false;
  private lostAt = 0;
  private gatherTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private vacancyTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly leaveTimers = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    transport: Transport,
    private readonly session: Session,
    options: WatchOptions = {},
  ) {
    this.service = createClient(ConversationService, transport);
    this.options = {
      online: options.online ?? (() => true),
      silenceMs: options.silenceMs ?? 62_500,
      openWithinMs: options.openWithinMs ?? 15_000,
      offlineAfterMs: options.offlineAfterMs ?? 15_000,
      gatherMs: options.gatherMs ?? 10,
    };
  }

  get status(): WatchStatus {
    return this.told;
  }

  /** Answers the way to stop listening. Who types and who is there now is told at once. */
  listen(listener: WatchListener): () => void {
    this.news.tell(listener);
    return this.listeners.add(listener);
  }

  start(): void {
    if (this.stopListening !== undefined) return;
    this.stopListening = this.session.listen({
      stateChanged: (state) => this.sessionChanged(state),
      refreshed: () => this.moveToFreshToken(),
    });
    this.sessionChanged(this.session.state);
  }

  /** Ends the stream; the cursors stay for the next `start`. */
  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
    this.closeAll();
    this.setStatus('stopped');
  }

  /**
   * Watches a conversation whose entries up to `afterSeq` (0: none) the page holds, as loaded from the log of that
   * epoch. Watched already: starts anew there. Throws RangeError beyond 64.
   */
  watchConversation(conversationId: string, afterSeq: number, epoch = ''): void {
    this.position.watch(conversationId, afterSeq, epoch);
    this.wishChanged();
  }

  unwatch(conversationId: string): void {
    if (!this.position.unwatch(conversationId)) return;
    this.news.forget(conversationId);
    this.wishChanged();
  }

  /** Administrators: the rows of all open cases as they change. */
  setInbox(inbox: boolean): void {
    if (this.position.setInbox(inbox)) this.wishChanged();
  }

  /** The page is in front again (visibilitychange, pageshow): a line that may have died in its sleep is replaced. */
  wake(): void {
    this.session.wake();
    if (!this.running) return;
    if (this.current !== undefined && this.current.silentForMs <= SUSPECT_MS) return;
    if (this.next === undefined || this.next.ageMs > PATIENCE_MS) this.openSuccessor();
  }

  /** The device's network came, went or changed (online, offline). */
  networkChanged(): void {
    this.session.wake();
    if (!this.running) return;
    if (!this.options.online()) {
      this.current?.close();
      this.current = undefined;
    }
    if (this.current === undefined) {
      this.lostAt = performance.now();
      this.lost();
    }
    this.openSuccessor();
  }

  private get running(): boolean {
    return this.stopListening !== undefined && this.session.state.kind === 'signed-in';
  }

  private sessionChanged(state: SessionState): void {
    if (state.kind === 'signed-out') {
      this.closeAll();
      this.setStatus('signed-out');
      return;
    }
    if (this.personId !== undefined && this.personId !== state.me.id) {
      this.closeAll();
      this.position.forgetEverything();
    }
    this.personId = state.me.id;
    if (this.current !== undefined || this.next !== undefined) return;
    this.lostAt = performance.now();
    this.setStatus(this.everLive ? 'reconnecting' : 'connecting');
    this.wishChanged();
  }

  private wishChanged(): void {
    clearTimeout(this.gatherTimer);
    this.gatherTimer = setTimeout(() => this.openSuccessor(), this.options.gatherMs);
  }

  /** A stream with the page's newest wishes and the newest token, in place of one that is just being opened. */
  private openSuccessor(): void {
    if (!this.running) return;
    clearTimeout(this.retryTimer);
    this.next?.close();
    this.next = new WatchLine(this.position.plan, {
      service: this.service,
      session: this.session,
      request: () => this.position.request(),
      openWithinMs: this.options.openWithinMs,
      silenceMs: this.options.silenceMs,
      event: (line, response) => this.event(line, response),
      suspected: (line) => this.suspected(line),
      ended: (line, error) => this.ended(line, error),
    });
  }

  private moveToFreshToken(): void {
    if (this.current !== undefined && this.next === undefined) this.openSuccessor();
  }

  private suspected(line: WatchLine): void {
    if (line === this.current && this.next === undefined) this.openSuccessor();
  }

  private event(line: WatchLine, { event }: WatchResponse): void {
    switch (event.case) {
      case 'entry': {
        const verdict = this.position.entry(event.value, line.plan);
        if (verdict === 'gap') line.fail(new ChatError(Code.DataLoss, '', 'An entry is missing on this line.'));
        if (verdict !== 'next') return;
        this.tell((each) => each.entry?.(event.value));
        this.news.landed(event.value);
        return;
      }
      case 'conversation':
        if (this.position.conversation(event.value)) this.tell((each) => each.conversation?.(event.value));
        return;
      case 'typing':
      case 'presence':
        this.newsArrived(line, event.value);
        return;
      case 'caughtUp':
        this.position.heard(event.value.epoch);
        if (line === this.next) this.takeOver(line);
        this.caughtUp(line, event.value.epoch);
        return;
      case 'reset': {
        if (!this.position.reset(event.value, line.plan)) return;
        // From here on the two streams would tell different stories of this conversation.
        if (line === this.next) this.takeOver(line);
        else if (this.next !== undefined) this.openSuccessor();
        this.tell((each) => each.reset?.(event.value));
        return;
      }
      case 'goingAway':
        this.leaveAfter(line, event.value.delay === undefined ? 0 : durationMs(event.value.delay));
        return;
      case 'sessionEnding':
        this.sessionEnding(line, event.value);
        return;
      case 'heartbeat':
        if (line === this.current) this.tell((each) => each.heartbeat?.());
        return;
      case undefined:
        return;
    }
  }

  private newsArrived(line: WatchLine, news: News): void {
    const about = conversationOf(news);
    if (about !== undefined && !this.position.concerns(about)) return;
    if (line === this.current) this.news.apply(news);
    else line.held.hold(news);
  }

  private takeOver(line: WatchLine): void {
    this.current?.close();
    this.current = line;
    this.next = undefined;
    clearTimeout(this.vacancyTimer);
    clearTimeout(this.retryTimer);
    this.news.replace(line.held);
  }

  private caughtUp(line: WatchLine, epoch: string): void {
    this.everLive = true;
    this.backoff.reset();
    this.setStatus('live');
    this.tell((each) => each.caughtUp?.(epoch));
    const fresh = line === this.current && line.grant !== undefined && this.session.isNewest(line.grant);
    if (!fresh) this.moveToFreshToken();
  }

  private leaveAfter(line: WatchLine, delayMs: number): void {
    line.leaving = true;
    const timer = setTimeout(() => {
      this.leaveTimers.delete(timer);
      if (line === this.current || line === this.next) this.openSuccessor();
    }, delayMs);
    this.leaveTimers.add(timer);
  }

  private sessionEnding(line: WatchLine, { reason }: SessionEnding): void {
    if (line.grant === undefined) return;
    if (reason === SessionEndingReason.SIGNED_OUT) {
      this.session.endedByService(line.grant, 'SESSION_ENDED');
      return;
    }
    line.leaving = true;
    line.renewing = true;
    void this.session.renew(line.grant).then(() => {
      if (this.next === undefined && (this.current === undefined || this.current === line)) this.openSuccessor();
    });
  }

  private ended(line: WatchLine, error: ChatError): void {
    if (line === this.next) {
      this.next = undefined;
      this.successorFailed(line, error);
      return;
    }
    if (line !== this.current) return;
    this.current = undefined;
    if (this.next === undefined && !line.leaving) {
      this.lost();
      this.retryAfter(error);
      return;
    }
    // Its successor is on its way or comes at once: nobody has to notice.
    clearTimeout(this.vacancyTimer);
    this.vacancyTimer = setTimeout(() => this.lost(), VACANCY_MS);
    if (this.next === undefined && !line.renewing) this.retryAfter(error);
  }

  private successorFailed(line: WatchLine, error: ChatError): void {
    if (!this.running) return;
    if (this.current !== undefined && this.current.silentForMs > SUSPECT_MS) {
      this.current.close();
      this.current = undefined;
    }
    if (this.current === undefined) this.lost();
    if (error.code === Code.Unauthenticated && line.grant !== undefined) {
      void this.session.renew(line.grant).then(() => this.retryAfter(error));
      return;
    }
    if (!REFUSALS.has(error.code) || error.reason === '') {
      this.retryAfter(error);
      return;
    }
    if (this.current === undefined) this.setStatus('offline');
    this.tell((each) => each.refused?.(error));
  }

  private retryAfter(error: ChatError): void {
    if (!this.running) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => {
      if (this.next === undefined) this.openSuccessor();
    }, this.pauseAfter(error));
  }

  /** Of several replicas one that stops may be met several times in a row: that is no reason to wait ever longer. */
  private pauseAfter({ reason, retryAfterMs }: ChatError): number {
    return reason === 'GOING_AWAY' ? Math.random() * ELSEWHERE_MS : this.backoff.next(retryAfterMs);
  }

  /** No stream: what has no seq or version is not known any more. */
  private lost(): void {
    clearTimeout(this.vacancyTimer);
    if (this.told === 'live') this.lostAt = performance.now();
    this.news.lost();
    const away = !this.options.online() || performance.now() - this.lostAt >= this.options.offlineAfterMs;
    this.setStatus(away ? 'offline' : this.everLive ? 'reconnecting' : 'connecting');
  }

  private closeAll(): void {
    this.current?.close();
    this.next?.close();
    this.current = undefined;
    this.next = undefined;
    for (const timer of [this.gatherTimer, this.retryTimer, this.vacancyTimer, ...this.leaveTimers]) {
      clearTimeout(timer);
    }
    this.leaveTimers.clear();
    this.news.lost();
    this.backoff.reset();
  }

  private setStatus(status: WatchStatus): void {
    if (this.told === status) return;
    this.told = status;
    this.tell((each) => each.status?.(status));
  }

  private tell(work: (listener: WatchListener) => void): void {
    this.listeners.tell(work);
  }
}
