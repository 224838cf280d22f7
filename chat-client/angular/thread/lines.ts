import { timestampDate } from '@bufbuild/protobuf/wkt';
import { tickOf } from '@energy-chat/client';
import type { ChatError, PendingSend, Tick } from '@energy-chat/client';
import { CaseTopic } from '@energy-chat/contract/case_pb.js';
import type { Progress } from '@energy-chat/contract/conversation_pb.js';
import type { Entry, Severity } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { plainName } from '../text/plain-name.js';

export interface DayLine {
  readonly kind: 'day';
  readonly key: string;
  readonly date: Date;
}

export interface UnreadLine {
  readonly kind: 'unread';
  readonly key: string;
}

export interface MessageLine {
  readonly kind: 'message';
  readonly key: string;
  /** Undefined while the log does not show it. */
  readonly seq: number | undefined;
  /** Of the side that looks: on the right. */
  readonly isOwnSide: boolean;
  /** Shown above; empty where it is clear who wrote. */
  readonly author: string;
  /** Follows another message of its author within a few minutes. */
  readonly continues: boolean;
  readonly text: string;
  readonly isRemoved: boolean;
  readonly isEdited: boolean;
  readonly time: Date | undefined;
  readonly tick: Tick | undefined;
  /** Of a message that is not in the log yet. */
  readonly pending: { readonly requestId: string; readonly error: ChatError | undefined } | undefined;
}

export interface SystemLine {
  readonly kind: 'system';
  readonly key: string;
  readonly seq: number;
  readonly text: string;
  /** The service that says it; may be empty. */
  readonly source: string;
  readonly severity: Severity;
  readonly link: string;
  readonly time: Date;
}

/** What happened to a case; `text` and `values` make its words. */
export interface CaseLine {
  readonly kind: 'case';
  readonly key: string;
  readonly seq: number;
  readonly text: CaseText;
  readonly values: Readonly<Record<string, string | number>>;
  readonly topic: Topic;
  /** Why it was closed, or what was said with a rating; empty where nothing was. */
  readonly reason: string;
  readonly time: Date;
}

export type CaseText = 'opened' | 'assigned' | 'transferred' | 'released' | 'closed' | 'rated';
export type Topic = 'bill' | 'reading' | 'outage' | 'other';
export type Line = DayLine | UnreadLine | MessageLine | SystemLine | CaseLine;

export interface ThreadContent {
  /** A run of the log. */
  readonly entries: readonly Entry[];
  /** There are entries before them. */
  readonly hasOlder: boolean;
  readonly pending: readonly PendingSend[];
  /** Whose page it is. */
  readonly side: Side.CLIENT | Side.SUPPORT;
  readonly myId: string | undefined;
  readonly otherProgress: Progress | undefined;
  /** The divider stands before the first message of the other side after this seq; undefined, or before all: none. */
  readonly unreadAfter: number | undefined;
}

/** Messages of one author further apart stand apart. */
const TOGETHER_MS = 5 * 60_000;

/** What a thread shows, in its order. Keys stay with what they name: also when a message gets its place in the log. */
export function threadLines(content: ThreadContent): readonly Line[] {
  const lines: Line[] = [];
  let day = '';
  const { unreadAfter } = content;
  let isDivided = unreadAfter === undefined || isBefore(unreadAfter, content);
  let before: Entry | undefined;
  for (const entry of content.entries) {
    const line = lineOf(entry, content, before);
    if (line === undefined) continue;
    const { time } = line;
    if (time !== undefined && time.toDateString() !== day) {
      day = time.toDateString();
      lines.push({ kind: 'day', key: `day ${day}`, date: time });
    }
    if (!isDivided && entry.seq > (unreadAfter ?? 0) && isNews(entry, content.side)) {
      isDivided = true;
      lines.push({ kind: 'unread', key: 'unread' });
    }
    lines.push(line.kind === 'message' && lines.at(-1)?.kind !== 'message' ? { ...line, continues: false } : line);
    before = entry;
  }
  for (const send of content.pending) lines.push(pendingLine(send, lines.at(-1)));
  return lines;
}

/** What comes after this seq begins before the entries that are held. */
export function isBefore(seq: number, { entries, hasOlder }: Pick<ThreadContent, 'entries' | 'hasOlder'>): boolean {
  return hasOlder && (entries[0]?.seq ?? 0) > seq + 1;
}

/** Something that the other side, or a service, says to this one. */
export function isNews({ content, author }: Entry, side: Side): boolean {
  if (content.case === 'message') return author?.side !== side;
  return content.case === 'systemMessage' && side === Side.CLIENT;
}

function lineOf(
  entry: Entry,
  { side, myId, otherProgress }: ThreadContent,
  before: Entry | undefined,
): MessageLine | SystemLine | CaseLine | undefined {
  const { seq, content, author, requestId } = entry;
  const time = timeOf(entry);
  const key = `seq ${seq}`;
  switch (content.case) {
    case 'message': {
      const isOwnSide = author?.side === side;
      const isMine = author?.id === myId;
      const { text, editedTime, removedTime } = content.value;
      return {
        kind: 'message',
        key: isMine && requestId !== '' ? `request ${requestId}` : key,
        seq,
        isOwnSide,
        author: isMine || (isOwnSide && side === Side.CLIENT) ? '' : (author?.displayName ?? ''),
        continues: continuesAfter(entry, before),
        text,
        isRemoved: removedTime !== undefined,
        isEdited: editedTime !== undefined && removedTime === undefined,
        time,
        tick: removedTime === undefined ? tickOf(entry, side, otherProgress) : undefined,
        pending: undefined,
      };
    }
    case 'systemMessage': {
      const { text, severity, link } = content.value;
      const source = author?.displayName ?? '';
      return { kind: 'system', key, seq, text, source, severity, link: link.startsWith('https://') ? link : '', time };
    }
    case 'caseOpened':
    case 'caseAssigned':
    case 'caseTransferred':
    case 'caseReleased':
    case 'caseClosed':
    case 'caseRated':
      return caseLine(entry, content, key, time);
    default:
      return undefined;
  }
}

type CaseContent = Extract<Entry['content'], { case: `case${string}` }>;

const CASE_TEXTS: Readonly<Record<CaseContent['case'], CaseText>> = {
  caseOpened: 'opened',
  caseAssigned: 'assigned',
  caseTransferred: 'transferred',
  caseReleased: 'released',
  caseClosed: 'closed',
  caseRated: 'rated',
};

function caseLine({ seq, author }: Entry, content: CaseContent, key: string, time: Date): CaseLine {
  const about = content.value.case;
  return {
    kind: 'case',
    key,
    seq,
    text: CASE_TEXTS[content.case],
    values: {
      number: about?.number ?? 0,
      by: plainName(author?.displayName ?? ''),
      assignee: plainName(about?.assignee?.displayName ?? ''),
      from: plainName('from' in content.value ? (content.value.from?.displayName ?? '') : ''),
      rating: 'rating' in content.value ? content.value.rating : 0,
    },
    topic: topicOf(about?.topic),
    reason: remarkOf(content),
    time,
  };
}

function remarkOf({ value }: CaseContent): string {
  if ('reason' in value) return value.reason;
  return 'comment' in value ? value.comment : '';
}

function pendingLine({ requestId, text, state, error }: PendingSend, before: Line | undefined): MessageLine {
  return {
    kind: 'message',
    key: `request ${requestId}`,
    seq: undefined,
    isOwnSide: true,
    author: '',
    continues: before?.kind === 'message' && before.isOwnSide && before.author === '',
    text,
    isRemoved: false,
    isEdited: false,
    time: undefined,
    tick: state,
    pending: { requestId, error },
  };
}

function continuesAfter(entry: Entry, before: Entry | undefined): boolean {
  if (before?.content.case !== 'message' || before.author?.id !== entry.author?.id) return false;
  return timeOf(entry).getTime() - timeOf(before).getTime() < TOGETHER_MS;
}

function timeOf({ createdTime }: Entry): Date {
  return createdTime === undefined ? new Date(0) : timestampDate(createdTime);
}

function topicOf(topic: CaseTopic | undefined): Topic {
  switch (topic) {
    case CaseTopic.BILL:
      return 'bill';
    case CaseTopic.READING:
      return 'reading';
    case CaseTopic.OUTAGE:
      return 'outage';
    default:
      return 'other';
  }
}
