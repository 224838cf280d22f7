import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { MOST_CONVERSATIONS } from '../watch-position.js';
import type { PresenceNews, Typist } from '../watch-listener.js';
import type { PageWatch } from '../watch.js';
import type { FromLeader, WatchNews, Wish } from './tab-message.js';

/**
 * The leader's watch on behalf of all tabs. It holds the union of their wishes; a tab that is behind makes it start anew
 * from there, and whoever has the entries already drops them. Tabs whose wishes are too many, or refused by the service,
 * are sent apart, so that they cannot disturb the others.
 */
export class LeadingWatch {
  private readonly wishes = new Map<string, Wish>();
  /** By conversation, the last seq that the watch told. */
  private readonly told = new Map<string, number>();
  private readonly rows = new Map<string, Conversation>();
  private readonly typists = new Map<string, Typist>();
  private readonly presence = new Map<string, PresenceNews>();
  /** Conversations that the service has let us watch. */
  private granted = new Set<string>();
  private epoch = '';
  private inbox = false;
  private isCaughtUp = false;
  private isOver = false;
  private readonly stopListening: () => void;

  constructor(
    private readonly watch: PageWatch,
    /** The leader's own. */
    private readonly tab: string,
    private readonly say: (said: FromLeader) => void,
  ) {
    this.stopListening = watch.listen({
      entry: (entry) => {
        this.told.set(entry.conversationId, entry.seq);
        this.tell({ kind: 'entry', entry });
      },
      conversation: (row) => {
        if (this.told.has(row.id)) this.rows.set(row.id, row);
        this.tell({ kind: 'conversation', row });
      },
      reset: (reset) => {
        this.told.set(reset.conversationId, reset.afterSeq);
        this.epoch = reset.epoch;
        this.tell({ kind: 'reset', reset });
      },
      typing: (typist, typing) => {
        if (typing) this.typists.set(typistKey(typist), typist);
        else this.typists.delete(typistKey(typist));
        this.tell({ kind: 'typing', typist, typing });
      },
      presence: (news) => {
        this.presence.set(presenceKey(news), news);
        this.tell({ kind: 'presence', news });
      },
      caughtUp: (epoch) => {
        this.epoch = epoch;
        this.isCaughtUp = true;
        this.granted = new Set(this.told.keys());
        this.tell({ kind: 'caughtUp', epoch });
      },
      status: (status) => {
        if (status !== 'live') this.isCaughtUp = false;
        this.tell({ kind: 'status', status });
      },
    });
  }

  /** What that tab watches from now on, and how far it has come. Answers it with how things stand. */
  wish(tab: string, wish: Wish): void {
    this.wishes.set(tab, wish);
    this.makeRoomFor(tab);
    if (this.wishes.get(tab) !== wish) return;
    this.dropUnwished();
    let isBehind = false;
    for (const { conversationId, afterSeq } of wish.cursors) {
      const told = this.told.get(conversationId);
      const isOfOtherEpoch = wish.epoch !== '' && wish.epoch !== this.epoch && this.epoch !== '';
      if (told !== undefined && told <= afterSeq && !isOfOtherEpoch) continue;
      this.watch.watchConversation(conversationId, afterSeq, wish.epoch);
      this.told.set(conversationId, afterSeq);
      isBehind = true;
    }
    if (isBehind) this.isCaughtUp = false;
    this.answer(tab, wish);
  }

  /** That tab is gone. */
  drop(tab: string): void {
    if (this.wishes.delete(tab)) this.dropUnwished();
  }

  /** The service refuses the whole for what one tab named: that which was never granted. */
  sendGuiltyApart(): void {
    const all = [...this.wishes];
    const guilty = all.filter(([, { cursors }]) => cursors.some((each) => !this.granted.has(each.conversationId)));
    const leaving = (guilty.length > 0 ? guilty : all).map(([tab]) => tab);
    // Last the leader's own, which ends the circle's turn.
    for (const tab of leaving.filter((each) => each !== this.tab)) this.sendApart(tab);
    if (leaving.includes(this.tab)) this.sendApart(this.tab);
    if (!this.isOver) this.dropUnwished();
  }

  close(): void {
    this.isOver = true;
    this.stopListening();
    this.watch.stop();
  }

  private answer(tab: string, { number, cursors }: Wish): void {
    const state = {
      number,
      status: this.watch.status,
      epoch: this.epoch,
      isCaughtUp: this.isCaughtUp,
      rows: cursors.flatMap(({ conversationId }) => this.rows.get(conversationId) ?? []),
      typists: [...this.typists.values()],
      presence: [...this.presence.values()],
    };
    this.say({ kind: 'state', to: tab, state });
  }

  private tell(news: WatchNews): void {
    this.say({ kind: 'news', news });
  }

  private dropUnwished(): void {
    const wished = this.wished();
    for (const conversationId of [...this.told.keys()]) {
      if (wished.has(conversationId)) continue;
      this.watch.unwatch(conversationId);
      for (const known of [this.told, this.rows, this.presence]) known.delete(conversationId);
    }
    const inbox = [...this.wishes.values()].some((wish) => wish.inbox);
    if (inbox && !this.inbox) this.isCaughtUp = false;
    this.inbox = inbox;
    this.watch.setInbox(inbox);
  }

  private wished(): Set<string> {
    return new Set([...this.wishes.values()].flatMap(({ cursors }) => cursors.map((each) => each.conversationId)));
  }

  /** The contract has a limit. The leader stays in any case. */
  private makeRoomFor(tab: string): void {
    const others = [...this.wishes.keys()].filter((each) => each !== tab && each !== this.tab);
    const leaving = tab === this.tab ? others : [tab];
    while (this.wished().size > MOST_CONVERSATIONS) {
      const next = leaving.shift();
      if (next === undefined) return;
      this.sendApart(next);
    }
  }

  private sendApart(tab: string): void {
    this.wishes.delete(tab);
    this.say({ kind: 'apart', to: tab });
  }
}

function typistKey({ conversationId, side, personId }: Typist): string {
  return `${conversationId} ${side} ${personId}`;
}

function presenceKey(news: PresenceNews): string {
  return news.kind === 'support' ? '' : news.conversationId;
}
