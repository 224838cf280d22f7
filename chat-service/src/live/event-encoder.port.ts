import type { Conversation } from '../conversation/conversation.js';
import type { Entry, Side } from '../conversation/entry.js';

export type ResetReason = 'too-far-behind' | 'beyond-head' | 'below-first' | 'other-epoch';

/** What a watch tells besides entries and rows. */
export type Signal =
  | {
      readonly kind: 'typing';
      readonly conversationId: string;
      readonly side: Side;
      readonly personId: string;
      readonly displayName: string;
      /** 0: stopped. */
      readonly remainingMs: number;
    }
  | { readonly kind: 'support-presence'; readonly available: boolean }
  | { readonly kind: 'client-presence'; readonly conversationId: string; readonly online: boolean }
  | { readonly kind: 'caught-up'; readonly epoch: string }
  | { readonly kind: 'heartbeat' }
  | {
      readonly kind: 'reset';
      readonly conversationId: string;
      readonly reason: ResetReason;
      readonly epoch: string;
      readonly afterSeq: number;
    }
  | { readonly kind: 'going-away'; readonly delayMs: number }
  | { readonly kind: 'session-ending'; readonly reason: 'token-expired' | 'signed-out' };

/** Turns events into the bytes that go to a stream. Pure; called once per event and side, however many watch. */
export abstract class EventEncoder {
  /** The entry as `side` may see it. */
  abstract entry(side: Side, entry: Entry): Uint8Array;
  abstract conversation(conversation: Conversation): Uint8Array;
  abstract signal(signal: Signal): Uint8Array;
}
