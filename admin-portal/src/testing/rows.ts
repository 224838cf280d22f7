import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CaseStatus } from '@energy-chat/contract/case_pb.js';
import { ConversationSchema } from '@energy-chat/contract/conversation_pb.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { Role } from '@energy-chat/contract/person_pb.js';

/** Who looks at the inbox. */
export const MY_ID = 'maria';

export interface RowFacts {
  readonly id: string;
  readonly version?: number;
  /** Waiting unless given. */
  readonly case?: 'waiting' | 'mine' | 'others' | 'none';
  /** In seconds; nobody waits for a word unless given. */
  readonly awaiting?: number;
  /** In seconds; 100 unless given. */
  readonly lastEntry?: number;
  /** Since when the case is nobody's, in seconds; `lastEntry` unless given. */
  readonly waitingSince?: number;
  readonly revision?: number;
}

/** A conversation's row as the service would tell it. */
export function row(facts: RowFacts): Conversation {
  const { id, version = 1, awaiting, lastEntry = 100, revision = 1 } = facts;
  const place = facts.case ?? 'waiting';
  const since = facts.waitingSince ?? lastEntry;
  const assignee = place === 'mine' ? MY_ID : 'ion';
  return create(ConversationSchema, {
    id,
    version,
    client: { id: `client of ${id}`, login: `login of ${id}`, displayName: `Name of ${id}`, role: Role.CLIENT },
    lastSeq: 1,
    lastEntryTime: timestampFromMs(lastEntry * 1_000),
    clientProgress: {},
    supportProgress: {},
    ...(awaiting === undefined ? {} : { awaitingTime: timestampFromMs(awaiting * 1_000) }),
    ...(place === 'none'
      ? {}
      : {
          openCase: {
            id: `case of ${id}`,
            number: 1,
            revision,
            ...(place === 'waiting'
              ? { status: CaseStatus.WAITING, waitingTime: timestampFromMs(since * 1_000) }
              : { status: CaseStatus.ASSIGNED, assignee: { id: assignee, displayName: assignee } }),
          },
        }),
  });
}
