import type { Progress } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import type { Side } from '@energy-chat/contract/person_pb.js';

/** What a bubble shows of the way of its message. `sending` and `failed` belong to messages not in the log yet. */
export type Tick = 'sending' | 'failed' | 'sent' | 'delivered' | 'read';

/** Of a message that `mySide` wrote, by how far the other side has come; undefined for every other entry. */
export function tickOf(entry: Entry, mySide: Side, otherSide: Progress | undefined): Tick | undefined {
  if (entry.content.case !== 'message' || entry.author?.side !== mySide) return undefined;
  if (otherSide === undefined) return 'sent';
  if (entry.seq <= otherSide.readSeq) return 'read';
  return entry.seq <= otherSide.deliveredSeq ? 'delivered' : 'sent';
}
