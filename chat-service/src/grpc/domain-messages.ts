import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  AssigneeSchema,
  type Assignee as AssigneeMessage,
  type Case as CaseMessage,
  CaseSchema,
  CaseStatus as CaseStatusMessage,
  CaseTopic,
} from '@energy-chat/contract/case_pb.js';
import {
  type Conversation as ConversationMessage,
  ConversationSchema,
  type Progress as ProgressMessage,
  ProgressSchema,
} from '@energy-chat/contract/conversation_pb.js';
import {
  AuthorSchema,
  CaseAssignedSchema,
  CaseClosedSchema,
  CaseOpenedSchema,
  CaseRatedSchema,
  CaseReleasedSchema,
  CaseTransferredSchema,
  type Entry as EntryMessage,
  EntrySchema,
  MessageEditedSchema,
  MessageRemovedSchema,
  MessageSchema,
  Severity as SeverityMessage,
  SystemMessageSchema,
} from '@energy-chat/contract/entry_pb.js';
import { PersonSchema, Role, Side as SideMessage } from '@energy-chat/contract/person_pb.js';
import type { Conversation, Progress } from '../conversation/conversation.js';
import {
  viewFor,
  type Assignee,
  type Entry,
  type EntryContent,
  type Micros,
  type Side,
} from '../conversation/entry.js';
import type { CaseStatus, CaseView, Topic } from '../conversation/support-case.js';

/** The domain in the words of the contract: what lists, answers and the watch send. */

const topicMessages: Readonly<Record<Topic, CaseTopic>> = {
  bill: CaseTopic.BILL,
  reading: CaseTopic.READING,
  outage: CaseTopic.OUTAGE,
  other: CaseTopic.OTHER,
};
const topics: Readonly<Record<CaseTopic, Topic>> = {
  [CaseTopic.UNSPECIFIED]: 'other',
  [CaseTopic.BILL]: 'bill',
  [CaseTopic.READING]: 'reading',
  [CaseTopic.OUTAGE]: 'outage',
  [CaseTopic.OTHER]: 'other',
};
const statusMessages: Readonly<Record<CaseStatus, CaseStatusMessage>> = {
  waiting: CaseStatusMessage.WAITING,
  assigned: CaseStatusMessage.ASSIGNED,
  closed: CaseStatusMessage.CLOSED,
};
const sideMessages: Readonly<Record<Side | 'system', SideMessage>> = {
  client: SideMessage.CLIENT,
  support: SideMessage.SUPPORT,
  system: SideMessage.UNSPECIFIED,
};
const severityMessages = {
  info: SeverityMessage.INFO,
  warning: SeverityMessage.WARNING,
  critical: SeverityMessage.CRITICAL,
} as const;

export function sideMessage(side: Side | 'system'): SideMessage {
  return sideMessages[side];
}

/** A topic nobody chose, or one of a newer contract, is "other". */
export function topicOf(message: CaseTopic): Topic {
  return topics[message] ?? 'other';
}

export function timestamp(micros: Micros): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1_000 });
}

/** An optional time, as `create` wants it under exactOptionalPropertyTypes. */
function time<Name extends string>(name: Name, micros: Micros | null): Partial<Record<Name, Timestamp>> {
  return micros === null ? {} : ({ [name]: timestamp(micros) } as Record<Name, Timestamp>);
}

function assigneeMessage({ id, displayName }: Assignee): AssigneeMessage {
  return create(AssigneeSchema, { id, displayName });
}

export function caseMessage(view: CaseView): CaseMessage {
  return create(CaseSchema, {
    id: view.id,
    number: view.number,
    topic: topicMessages[view.topic],
    status: statusMessages[view.status],
    ...(view.assignee !== null && { assignee: assigneeMessage(view.assignee) }),
    revision: view.revision,
    openedTime: timestamp(view.openedAt),
    ...time('waitingTime', view.waitingSince),
  });
}

function progressMessage({ delivered, read, unread }: Progress): ProgressMessage {
  return create(ProgressSchema, { deliveredSeq: delivered, readSeq: read, unread });
}

export function conversationMessage(conversation: Conversation): ConversationMessage {
  const { client, progress, openCase } = conversation;
  return create(ConversationSchema, {
    id: conversation.id,
    version: conversation.version,
    client: create(PersonSchema, { ...client, role: Role.CLIENT }),
    firstSeq: conversation.firstSeq,
    lastSeq: conversation.lastSeq,
    ...time('lastEntryTime', conversation.lastEntryAt),
    preview: conversation.preview,
    clientProgress: progressMessage(progress.client),
    supportProgress: progressMessage(progress.support),
    ...time('awaitingTime', conversation.awaitingSince),
    ...(openCase !== null && { openCase: caseMessage(openCase) }),
  });
}

/** The entry as `side` may see it. */
export function entryMessage(side: Side, entry: Entry): EntryMessage {
  const { conversationId, seq, caseId, createdAt, author, requestId, content } = viewFor(side, entry);
  return create(EntrySchema, {
    conversationId,
    seq,
    caseId: caseId ?? '',
    createdTime: timestamp(createdAt),
    author: create(AuthorSchema, { side: sideMessages[author.side], id: author.id, displayName: author.displayName }),
    requestId: requestId ?? '',
    content: contentMessage(content),
  });
}

function contentMessage(content: EntryContent): EntryMessage['content'] {
  switch (content.kind) {
    case 'message': {
      const { text, editedAt, removedAt } = content;
      const value = create(MessageSchema, {
        text,
        ...time('editedTime', editedAt),
        ...time('removedTime', removedAt),
      });
      return { case: 'message', value };
    }
    case 'system_message': {
      const { text, severity, link } = content;
      return {
        case: 'systemMessage',
        value: create(SystemMessageSchema, { text, severity: severityMessages[severity], link }),
      };
    }
    case 'message_edited':
      return { case: 'messageEdited', value: create(MessageEditedSchema, { targetSeq: content.targetSeq }) };
    case 'message_removed':
      return { case: 'messageRemoved', value: create(MessageRemovedSchema, { targetSeq: content.targetSeq }) };
    case 'case_opened':
      return { case: 'caseOpened', value: create(CaseOpenedSchema, { case: caseMessage(content.case) }) };
    case 'case_assigned':
      return { case: 'caseAssigned', value: create(CaseAssignedSchema, { case: caseMessage(content.case) }) };
    case 'case_transferred':
      return {
        case: 'caseTransferred',
        value: create(CaseTransferredSchema, {
          case: caseMessage(content.case),
          from: assigneeMessage(content.from),
        }),
      };
    case 'case_released':
      return {
        case: 'caseReleased',
        value: create(CaseReleasedSchema, { case: caseMessage(content.case), from: assigneeMessage(content.from) }),
      };
    case 'case_closed':
      return {
        case: 'caseClosed',
        value: create(CaseClosedSchema, { case: caseMessage(content.case), reason: content.reason }),
      };
    case 'case_rated': {
      const { rating, comment } = content;
      return {
        case: 'caseRated',
        value: create(CaseRatedSchema, { case: caseMessage(content.case), rating, comment }),
      };
    }
  }
}
