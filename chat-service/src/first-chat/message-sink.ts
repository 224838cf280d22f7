import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { ChatMessageSchema } from '@energy-chat/contract/chat_pb.js';
import { WatchResponseSchema } from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import type { ChatError } from '../chat-error.js';
import type { Conversation } from '../conversation/conversation.js';
import type { WatchSink } from '../live/watch-sink.js';

/** What a message needs beside its entry. */
interface Surroundings {
  row(conversationId: string): Promise<Conversation | undefined>;
  loginOf(personId: string, displayName: string): Promise<string>;
  /** The stream is live from here on. */
  opened(): void;
}

/**
 * Passes on what a watch writes as the first chat's messages: texts of people and of systems, and nothing else, since
 * its pages would show anything as a bubble. Holds one message at a time; the watch waits with the next.
 */
export class MessageSink implements WatchSink {
  private delivering: Promise<void> = Promise.resolve();

  constructor(
    private readonly stream: WatchSink,
    private readonly surroundings: Surroundings,
  ) {}

  write(bytes: Uint8Array): boolean {
    const { event } = fromBinary(WatchResponseSchema, bytes);
    if (event.case === 'caughtUp') this.surroundings.opened();
    const text = event.case === 'entry' ? textOf(event.value) : '';
    if (event.case !== 'entry' || text === '') return true;
    this.delivering = this.deliver(event.value, text);
    return false;
  }

  drained(): Promise<void> {
    return this.delivering;
  }

  end(error?: ChatError): void {
    this.stream.end(error);
  }

  private async deliver(entry: Entry, msg: string): Promise<void> {
    const { author, conversationId, seq, createdTime } = entry;
    const clientLogin = (await this.surroundings.row(conversationId))?.client.login ?? '';
    const isClients = author?.side === Side.CLIENT;
    const message = create(ChatMessageSchema, {
      from: isClients ? clientLogin : await this.nameOf(author),
      msg,
      to: isClients ? '' : clientLogin,
      conversationId,
      seq,
      ...(createdTime !== undefined && { serverTime: createdTime, time: wordsOf(timestampDate(createdTime)) }),
    });
    if (!this.stream.write(toBinary(ChatMessageSchema, message))) await this.stream.drained();
  }

  private async nameOf(author: Entry['author']): Promise<string> {
    if (author === undefined) return '';
    const { side, id, displayName } = author;
    return side === Side.SUPPORT ? this.surroundings.loginOf(id, displayName) : displayName;
  }
}

/** Empty: no message, or one that was removed. */
function textOf({ content }: Entry): string {
  return content.case === 'message' || content.case === 'systemMessage' ? content.value.text : '';
}

/** As `2026-11-24 15:39:02 UTC`. */
function wordsOf(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
