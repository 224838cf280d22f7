import { createHash } from 'node:crypto';
import { isMessage, type Message, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { ChatError } from '@energy-chat/client';
import { CaseStatus, type Case } from '@energy-chat/contract/case_pb.js';
import {
  type Conversation,
  ConversationSchema,
  MarkProgressRequestSchema,
  ResetReason,
  SendMessageRequestSchema,
  SendMessageResponseSchema,
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
} from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import {
  ClaimCaseRequestSchema,
  ClaimCaseResponseSchema,
  CloseCaseRequestSchema,
  CloseCaseResponseSchema,
  ReleaseCaseRequestSchema,
  ReleaseCaseResponseSchema,
  TransferCaseRequestSchema,
  TransferCaseResponseSchema,
} from '@energy-chat/contract/inbox_pb.js';
import type { AnswerLine, Failure, RowState, TryLine } from './history.js';
import type { Recorder } from './recorder.js';

const CASE_REQUESTS = [
  ClaimCaseRequestSchema,
  TransferCaseRequestSchema,
  ReleaseCaseRequestSchema,
  CloseCaseRequestSchema,
] as const;
const CASE_RESPONSES = [
  ClaimCaseResponseSchema,
  TransferCaseResponseSchema,
  ReleaseCaseResponseSchema,
  CloseCaseResponseSchema,
] as const;

/** Who calls, and where. */
export type Caller = Pick<TryLine, 'who' | 'person' | 'side' | 'replica'>;

/** Records all that passes between one participant and one replica, before the SDK mends anything. */
export function recording(recorder: Recorder, caller: Caller): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) {
      const id = recorder.newId();
      recorder.write({ kind: 'try', id, ...caller, method: request.method.name, ...asked(request.message) });
      try {
        const response = await next(request);
        if (!response.stream) recorder.write({ kind: 'answer', id, ...answered(response.message) });
        return response;
      } catch (error) {
        recorder.write({ kind: 'answer', id, failure: failureOf(error) });
        throw error;
      }
    }
    const stream = recorder.newId();
    const open = (message: Message): void => {
      if (!isMessage(message, WatchRequestSchema)) return;
      const cursors = Object.fromEntries(message.cursors.map((cursor) => [cursor.conversationId, cursor.afterSeq]));
      recorder.write({ kind: 'stream', stream, who: caller.who, replica: caller.replica, cursors });
    };
    try {
      const response = await next({ ...request, message: tapped(request.message, open) });
      if (!response.stream) return response;
      return { ...response, message: heard(recorder, stream, response.message) };
    } catch (error) {
      recorder.write({ kind: 'ended', stream, failure: failureOf(error) });
      throw error;
    }
  };
}

async function* heard(recorder: Recorder, stream: number, messages: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    for await (const message of messages) {
      if (isMessage(message, WatchResponseSchema)) writeEvent(recorder, stream, message);
      yield message;
    }
    recorder.write({ kind: 'ended', stream });
  } catch (error) {
    recorder.write({ kind: 'ended', stream, failure: failureOf(error) });
    throw error;
  }
}

function writeEvent(recorder: Recorder, stream: number, { event }: WatchResponse): void {
  if (event.case === 'entry') {
    const { conversationId: conversation, seq } = event.value;
    recorder.write({ kind: 'entry', stream, conversation, seq, what: whatOf(event.value) });
  } else if (event.case === 'conversation') recorder.write({ kind: 'row', stream, ...rowState(event.value) });
  else if (event.case === 'reset') {
    const { conversationId: conversation, reason, afterSeq } = event.value;
    recorder.write({ kind: 'reset', stream, conversation, reason: ResetReason[reason], afterSeq });
  }
}

async function* tapped<T>(messages: AsyncIterable<T>, tap: (message: T) => void): AsyncIterable<T> {
  for await (const message of messages) {
    tap(message);
    yield message;
  }
}

function asked(message: Message): Partial<TryLine> {
  if (isMessage(message, SendMessageRequestSchema)) {
    return { conversation: message.conversationId, request: message.requestId };
  }
  if (isMessage(message, MarkProgressRequestSchema)) {
    return { conversation: message.conversationId, delivered: message.deliveredSeq, read: message.readSeq };
  }
  for (const schema of CASE_REQUESTS) {
    if (!isMessage(message, schema)) continue;
    const { conversationId, requestId, caseId, revision } = message;
    return { conversation: conversationId, request: requestId, caseId, revision };
  }
  return {};
}

function answered(message: Message): Partial<AnswerLine> {
  if (isMessage(message, SendMessageResponseSchema)) {
    return message.entry === undefined ? {} : { seq: message.entry.seq };
  }
  for (const schema of CASE_RESPONSES) {
    if (!isMessage(message, schema)) continue;
    return {
      ...(message.case === undefined ? {} : { revision: message.case.revision }),
      ...(message.entry === undefined ? {} : { seq: message.entry.seq }),
    };
  }
  return {};
}

function failureOf(error: unknown): Failure {
  const { code, reason, message } = ChatError.from(error);
  const fromService = error instanceof ConnectError && error.metadata.has('grpc-status');
  return { code: Code[code], reason, from: fromService ? 'service' : 'way', text: message.slice(0, 120) };
}

export function rowState(row: Conversation): RowState {
  const { id, version, lastSeq, clientProgress, supportProgress } = row;
  return {
    conversation: id,
    version,
    digest: createHash('sha1').update(toBinary(ConversationSchema, row)).digest('base64url').slice(0, 12),
    lastSeq,
    client: [clientProgress?.deliveredSeq ?? 0, clientProgress?.readSeq ?? 0],
    support: [supportProgress?.deliveredSeq ?? 0, supportProgress?.readSeq ?? 0],
  };
}

/** The same text for the same entry, however it was read: its kind, author, request id, and text or case. */
export function whatOf({ content, author, requestId }: Entry): string {
  const kind = content.case?.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) ?? '?';
  const rest =
    content.case === 'message' || content.case === 'systemMessage'
      ? content.value.text
      : content.value !== undefined && 'case' in content.value
        ? caseInWords(content.value.case)
        : '';
  return wordsOf(kind, author?.id ?? '', requestId, rest);
}

export function wordsOf(kind: string, author: string, request: string, rest: string): string {
  return `${kind}|${author}|${request}|${rest}`;
}

function caseInWords(view: Case | undefined): string {
  const status = CaseStatus[view?.status ?? CaseStatus.UNSPECIFIED].toLowerCase();
  return `${view?.id ?? ''} ${view?.revision ?? 0} ${status} ${view?.assignee?.id ?? ''}`;
}
