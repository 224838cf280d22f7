import { isMessage, type Message } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { RefreshResponseSchema, SignInResponseSchema } from '@energy-chat/contract/auth_pb.js';
import {
  type WatchRequest,
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
} from '@energy-chat/contract/conversation_pb.js';

/** One Watch stream as it came over the wire, before the SDK mends anything. */
export interface WireStream {
  /** Where it was opened. */
  readonly way: string;
  readonly openedAt: number;
  readonly request: WatchRequest;
  readonly events: WatchResponse[];
}

/** What passed between one person and the service: every stream, and every token. */
export class WireRecord {
  readonly streams: WireStream[] = [];
  readonly accessTokens: string[] = [];
  /** Those that came in messages. */
  readonly refreshTokens: string[] = [];

  /** For the transport that leads to `way`. */
  interceptor(way: string): Interceptor {
    return (next) => async (request) => {
      if (!request.stream) {
        const response = await next(request);
        if (!response.stream) this.keepTokens(response.message);
        return response;
      }
      const openedAt = performance.now();
      const asked = Promise.withResolvers<WatchRequest>();
      const ask = (message: Message): void => {
        if (isMessage(message, WatchRequestSchema)) asked.resolve(message);
      };
      const response = await next({ ...request, message: tapped(request.message, ask) });
      if (!response.stream) return response;
      const stream: WireStream = { way, openedAt, request: await asked.promise, events: [] };
      this.streams.push(stream);
      const hear = (message: Message): void => {
        if (isMessage(message, WatchResponseSchema)) stream.events.push(message);
      };
      return { ...response, message: tapped(response.message, hear) };
    };
  }

  /** Streams on `way` that were opened after the given moment and have told all that had been missed. */
  caughtUpSince(moment: number, way: string): readonly WireStream[] {
    return this.streams.filter(
      (stream) =>
        stream.way === way && stream.openedAt >= moment && stream.events.some(({ event }) => event.case === 'caughtUp'),
    );
  }

  /**
   * What broke the promise of a stream, in words: entries that do not follow the cursor one by one, rows that go back.
   * None in a service that keeps it.
   */
  disorder(): string[] {
    return this.streams.flatMap(disorderOf);
  }

  private keepTokens(answer: Message): void {
    if (!isMessage(answer, SignInResponseSchema) && !isMessage(answer, RefreshResponseSchema)) return;
    this.accessTokens.push(answer.accessToken);
    if (answer.refreshToken !== '') this.refreshTokens.push(answer.refreshToken);
  }
}

function disorderOf({ way, request, events }: WireStream): string[] {
  const cursors = new Map(request.cursors.map(({ conversationId, afterSeq }) => [conversationId, afterSeq]));
  const versions = new Map<string, number>();
  const found: string[] = [];
  for (const { event } of events) {
    if (event.case === 'entry') {
      const { conversationId, seq } = event.value;
      const cursor = cursors.get(conversationId);
      if (cursor === undefined) found.push(`${way}: an entry of ${conversationId}, which was not asked for`);
      else if (seq !== cursor + 1) found.push(`${way}: seq ${seq} after ${cursor}`);
      cursors.set(conversationId, seq);
    }
    if (event.case === 'conversation') {
      const { id, version } = event.value;
      const before = versions.get(id) ?? 0;
      if (version < before) found.push(`${way}: version ${version} after ${before}`);
      versions.set(id, version);
    }
    if (event.case === 'reset') cursors.set(event.value.conversationId, event.value.afterSeq);
  }
  return found;
}

async function* tapped<T>(messages: AsyncIterable<T>, tap: (message: T) => void): AsyncIterable<T> {
  for await (const message of messages) {
    tap(message);
    yield message;
  }
}
