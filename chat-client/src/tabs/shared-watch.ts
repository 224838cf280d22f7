import type { Transport } from '@connectrpc/connect';
import { ResetReason, type Reset } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Listeners } from '../listeners.js';
import { LivePresence } from '../live-presence.js';
import { newRequestId } from '../request-id.js';
import type { Session, SessionState } from '../session.js';
import { Watch, type PageWatch, type WatchOptions } from '../watch.js';
import type { Typist, WatchListener, WatchStatus } from '../watch-listener.js';
import { WatchPosition } from '../watch-position.js';
import { LeadingWatch } from './leading-watch.js';
import { TabCircle } from './tab-circle.js';
import type { FromLeader, ToLeader, WatchNews, WatchState } from './tab-message.js';
import type { Tabs } from './tabs.js';

export interface SharedWatchOptions extends WatchOptions {
  /** From `browserTabs`; undefined: this tab has a watch of its own. */
  readonly tabs: Tabs | undefined;
  /** Tells apart the portals of one origin. */
  readonly portal: string;
}

/** A new leader waits so long for the other tabs' wishes before it opens its stream, in milliseconds. */
const GATHER_MS = 30;

/** A wish without an answer is said again after so long, in milliseconds. */
const ANSWER_WITHIN_MS = 1_000;

/**
 * One Watch for all tabs in which the same person has opened the same portal; each tab uses it as if it were its own.
 * One tab leads and holds the stream; it tells the others what it hears, and each tab follows its own cursors: so each
 * gets every entry once and in order, also when the leader changes, and two leaders at a time cannot disturb it. A tab
 * that finds itself behind says so, and the leader starts anew from there.
 */
export class SharedWatch implements PageWatch {
  private readonly tab = newRequestId();
  private readonly listeners = new Listeners<WatchListener>();
  private readonly position = new WatchPosition();
  private readonly typists = new Map<string, Typist>();
  private readonly presence = new LivePresence((news) => this.listeners.tell((each) => each.presence?.(news)));
  private readonly gatherMs: number;
  private toldStatus: WatchStatus = 'stopped';
  private personId: string | undefined;
  private stopListening: (() => void) | undefined;
  private everLive = false;
  private circle: TabCircle | undefined;
  /** While this tab leads or stands alone. */
  private leading: { readonly watch: Watch; readonly forAll: LeadingWatch } | undefined;
  private wishNumber = 0;
  private answeredNumber = 0;
  private wishTimer: ReturnType<typeof setTimeout> | undefined;
  private startTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly session: Session,
    private readonly options: SharedWatchOptions,
  ) {
    this.gatherMs = options.gatherMs ?? 10;
  }

  get status(): WatchStatus {
    return this.toldStatus;
  }

  listen(listener: WatchListener): () => void {
    for (const typist of this.typists.values()) listener.typing?.(typist, true);
    for (const news of this.presence.all) listener.presence?.(news);
    return this.listeners.add(listener);
  }

  start(): void {
    if (this.stopListening !== undefined) return;
    this.stopListening = this.session.listen({ stateChanged: (state) => this.sessionChanged(state) });
    this.sessionChanged(this.session.state);
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = undefined;
    this.leave();
    this.setStatus('stopped');
  }

  watchConversation(conversationId: string, afterSeq: number, epoch = ''): void {
    this.position.watch(conversationId, afterSeq, epoch);
    this.wishChanged();
  }

  unwatch(conversationId: string): void {
    if (!this.position.unwatch(conversationId)) return;
    this.keepTypists((typist) => typist.conversationId !== conversationId);
    this.presence.forget(conversationId);
    this.wishChanged();
  }

  setInbox(inbox: boolean): void {
    if (this.position.setInbox(inbox)) this.wishChanged();
  }

  wake(): void {
    this.session.wake();
    this.leading?.watch.wake();
    this.circle?.wake();
    if (this.circle !== undefined && this.leading === undefined) this.wishChanged();
  }

  networkChanged(): void {
    this.session.wake();
    if (this.leading !== undefined) this.leading.watch.networkChanged();
    else this.circle?.ask({ kind: 'wake' });
  }

  private sessionChanged(state: SessionState): void {
    // Stopped by another listener of the same change.
    if (this.stopListening === undefined) return;
    if (state.kind === 'signed-out') {
      this.leave();
      this.setStatus('signed-out');
      return;
    }
    if (this.personId !== undefined && this.personId !== state.me.id) {
      this.leave();
      this.position.forgetEverything();
    }
    this.personId = state.me.id;
    if (this.circle !== undefined || this.leading !== undefined) return;
    this.setStatus(this.everLive ? 'reconnecting' : 'connecting');
    const { tabs, portal } = this.options;
    if (tabs === undefined) {
      this.standAlone();
      return;
    }
    this.circle = new TabCircle(tabs, `energy-chat/${portal}/watch/${state.me.id}`, this.tab, {
      leads: () => this.leadAll(),
      follows: () => {
        this.stopLeading();
        this.wishChanged();
      },
      told: (said) => this.told(said),
      outOfStep: () => this.wishChanged(),
      asked: (tab, request) => this.asked(tab, request),
      gone: (tab) => this.leading?.forAll.drop(tab),
      isInTrouble: () => this.toldStatus === 'reconnecting' || this.toldStatus === 'offline',
    });
  }

  private leadAll(): void {
    const watch = this.lead((said) => this.circle?.tell(said));
    watch.listen({ refused: () => this.leading?.forAll.sendGuiltyApart() });
    this.startTimer = setTimeout(() => watch.start(), GATHER_MS);
  }

  private standAlone(): void {
    this.leave();
    const watch = this.lead((said) => this.told(said));
    watch.listen({ refused: (error) => this.listeners.tell((each) => each.refused?.(error)) });
    watch.start();
  }

  private lead(say: (said: FromLeader) => void): Watch {
    this.stopLeading();
    const watch = new Watch(this.transport, this.session, this.options);
    watch.listen({ heartbeat: () => this.listeners.tell((each) => each.heartbeat?.()) });
    this.leading = { watch, forAll: new LeadingWatch(watch, this.tab, say) };
    this.wish();
    return watch;
  }

  private stopLeading(): void {
    clearTimeout(this.startTimer);
    this.leading?.forAll.close();
    this.leading = undefined;
  }

  private leave(): void {
    clearTimeout(this.wishTimer);
    this.stopLeading();
    this.circle?.close();
    this.circle = undefined;
    this.keepTypists(() => false);
    this.presence.unknown();
  }

  private wishChanged(): void {
    this.wishNumber += 1;
    clearTimeout(this.wishTimer);
    if (this.circle === undefined && this.leading === undefined) return;
    this.wishTimer = setTimeout(() => this.wish(), this.gatherMs);
  }

  private wish(): void {
    clearTimeout(this.wishTimer);
    this.wishNumber += 1;
    const wish = { number: this.wishNumber, ...this.position.request() };
    if (this.leading !== undefined) this.leading.forAll.wish(this.tab, wish);
    else if (this.circle !== undefined) {
      this.circle.ask({ kind: 'wish', wish });
      this.wishTimer = setTimeout(() => this.wish(), ANSWER_WITHIN_MS);
    }
  }

  private asked(tab: string, request: ToLeader): void {
    if (request.kind === 'wish') this.leading?.forAll.wish(tab, request.wish);
    if (request.kind === 'wake') this.leading?.watch.wake();
  }

  private told(said: FromLeader): void {
    if (said.kind === 'news') this.apply(said.news);
    else if (said.kind === 'state' && said.state.number === this.wishNumber) this.applyState(said.state);
    else if (said.kind === 'apart') this.standAlone();
  }

  private applyState({ number, status, epoch, isCaughtUp, rows, typists, presence }: WatchState): void {
    this.answeredNumber = number;
    clearTimeout(this.wishTimer);
    for (const row of rows) this.apply({ kind: 'conversation', row });
    const typing = new Set(typists.map(keyOf));
    this.keepTypists((typist) => typing.has(keyOf(typist)));
    for (const typist of typists) this.apply({ kind: 'typing', typist, typing: true });
    for (const news of presence) this.apply({ kind: 'presence', news });
    if (isCaughtUp) this.caughtUp(epoch);
    else this.leaderIs(status);
  }

  private apply(news: WatchNews): void {
    switch (news.kind) {
      case 'entry':
        this.entry(news.entry);
        return;
      case 'conversation':
        if (this.position.conversation(news.row)) this.listeners.tell((each) => each.conversation?.(news.row));
        return;
      case 'typing':
        this.typing(news.typist, news.typing);
        return;
      case 'presence':
        if (news.news.kind === 'client' && !this.position.concerns(news.news.conversationId)) return;
        this.presence.news(news.news);
        return;
      case 'caughtUp':
        if (this.isAnswered) this.caughtUp(news.epoch);
        return;
      case 'reset':
        this.reset(news.reset);
        return;
      case 'status':
        this.leaderIs(news.status);
        return;
    }
  }

  private entry(entry: Entry): void {
    // A gap is one only until the leader has answered the wish of this tab: it starts anew from the tab's cursor.
    if (this.position.entry(entry, this.position.plan) !== 'next') return;
    this.listeners.tell((each) => each.entry?.(entry));
  }

  private typing(typist: Typist, typing: boolean): void {
    if (!this.position.concerns(typist.conversationId)) return;
    const key = keyOf(typist);
    if (this.typists.has(key) === typing) return;
    if (typing) this.typists.set(key, typist);
    else this.typists.delete(key);
    this.listeners.tell((each) => each.typing?.(typist, typing));
  }

  private reset(reset: Reset): void {
    // Of a log that goes on as before, only those who are behind have to load again.
    const isSameLog = reset.reason === ResetReason.TOO_FAR_BEHIND || reset.reason === ResetReason.BELOW_FIRST;
    const cursor = this.position.request().cursors.find((each) => each.conversationId === reset.conversationId);
    if (isSameLog && cursor !== undefined && cursor.afterSeq >= reset.afterSeq) return;
    if (this.position.reset(reset, this.position.plan)) this.listeners.tell((each) => each.reset?.(reset));
  }

  private caughtUp(epoch: string): void {
    this.position.heard(epoch);
    this.everLive = true;
    this.setStatus('live');
    this.listeners.tell((each) => each.caughtUp?.(epoch));
  }

  /** `live` comes with `caughtUp`; whether somebody is signed in, each tab knows itself. */
  private leaderIs(status: WatchStatus): void {
    if (status === 'offline' || status === 'reconnecting') this.setStatus(status);
    if (status === 'connecting' || status === 'stopped') {
      this.setStatus(this.everLive ? 'reconnecting' : 'connecting');
    }
  }

  private get isAnswered(): boolean {
    return this.answeredNumber === this.wishNumber;
  }

  private keepTypists(isKept: (typist: Typist) => boolean): void {
    for (const typist of [...this.typists.values()]) {
      if (isKept(typist)) continue;
      this.typists.delete(keyOf(typist));
      this.listeners.tell((each) => each.typing?.(typist, false));
    }
  }

  private setStatus(status: WatchStatus): void {
    if (this.toldStatus === status) return;
    this.toldStatus = status;
    this.listeners.tell((each) => each.status?.(status));
  }
}

function keyOf({ conversationId, side, personId }: Typist): string {
  return `${conversationId} ${side} ${personId}`;
}
