import type { Conversation } from '@energy-chat/contract/conversation_pb.js';

/** Who holds conversations to the end, and is asked then what it holds. */
export interface Holder {
  readonly who: string;
  holdings(): readonly Holding[];
}

export interface Holding {
  readonly conversation: string;
  /** The last entry that it holds. */
  readonly lastSeq: number;
  readonly row: Conversation | undefined;
}
