import type { Conversation, Reset } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';

/** The contract's limit. */
export const MOST_CONVERSATIONS = 64;

/** No log has this epoch, so the service resets every conversation. */
const NO_LOGS_EPOCH = 'mixed';

interface Cursor {
  /** The last seq that was told. */
  seq: number;
  /** The wish that set it: streams that do not know that wish yet have nothing to say here. */
  readonly plan: number;
}

/** What a Watch asks for, as the contract's WatchRequest. */
export interface WatchCursors {
  epoch: string;
  inbox: boolean;
  cursors: { conversationId: string; afterSeq: number }[];
}

/**
 * How far a watch has come. Invariants: a cursor moves by one seq at a time, except by a reset; a row is told only
 * with a higher version than before; what a stream of an older wish says about a conversation watched anew is dropped.
 */
export class WatchPosition {
  private readonly cursors = new Map<string, Cursor>();
  private readonly versions = new Map<string, number>();
  private epoch = '';
  private inbox = false;
  /** Grows with every wish. */
  plan = 0;

  /** Whether what has neither seq nor version is to be told of this conversation. */
  concerns(conversationId: string): boolean {
    return this.inbox || this.cursors.has(conversationId);
  }

  watch(conversationId: string, afterSeq: number, epoch: string): void {
    if (!this.cursors.has(conversationId) && this.cursors.size >= MOST_CONVERSATIONS) {
      throw new RangeError(`At most ${MOST_CONVERSATIONS} conversations can be watched. Unwatch one first.`);
    }
    this.plan += 1;
    this.cursors.set(conversationId, { seq: afterSeq, plan: this.plan });
    this.versions.delete(conversationId);
    if (epoch === '' || epoch === this.epoch) return;
    // Cursors of two epochs do not go together, and who is right is for the service to say.
    this.epoch = this.epoch === '' ? epoch : NO_LOGS_EPOCH;
  }

  /** Whether it was watched. */
  unwatch(conversationId: string): boolean {
    if (!this.cursors.delete(conversationId)) return false;
    if (!this.inbox) this.versions.delete(conversationId);
    this.plan += 1;
    return true;
  }

  /** Whether this is news. */
  setInbox(inbox: boolean): boolean {
    if (this.inbox === inbox) return false;
    this.inbox = inbox;
    if (!inbox) for (const id of [...this.versions.keys()]) if (!this.cursors.has(id)) this.versions.delete(id);
    this.plan += 1;
    return true;
  }

  /** Somebody else's conversations are none of the next person's business. */
  forgetEverything(): void {
    this.cursors.clear();
    this.versions.clear();
    this.epoch = '';
    this.inbox = false;
    this.plan += 1;
  }

  request(): WatchCursors {
    return {
      epoch: this.epoch,
      inbox: this.inbox,
      cursors: Array.from(this.cursors, ([conversationId, { seq }]) => ({ conversationId, afterSeq: seq })),
    };
  }

  /** `next`: moved, tell it. `drop`: known already or not asked for. `gap`: something is missing before it. */
  entry(entry: Entry, plan: number): 'next' | 'drop' | 'gap' {
    const cursor = this.cursors.get(entry.conversationId);
    if (cursor === undefined || plan < cursor.plan || entry.seq <= cursor.seq) return 'drop';
    if (entry.seq > cursor.seq + 1) return 'gap';
    cursor.seq = entry.seq;
    return 'next';
  }

  /** Whether to tell it. */
  conversation(row: Conversation): boolean {
    if (!this.concerns(row.id)) return false;
    if (row.version <= (this.versions.get(row.id) ?? -1)) return false;
    this.versions.set(row.id, row.version);
    return true;
  }

  /** Whether to tell it. */
  reset({ conversationId, afterSeq, epoch }: Reset, plan: number): boolean {
    const cursor = this.cursors.get(conversationId);
    if (cursor === undefined || plan < cursor.plan) return false;
    this.heard(epoch);
    cursor.seq = afterSeq;
    this.versions.delete(conversationId);
    return true;
  }

  /** After a restore from a backup versions start again. */
  heard(epoch: string): void {
    if (epoch === '' || epoch === this.epoch) return;
    if (this.epoch !== '') this.versions.clear();
    this.epoch = epoch;
  }
}
