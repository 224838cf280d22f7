import { create } from '@bufbuild/protobuf';
import {
  type EditMessageRequest,
  type EditMessageResponse,
  EditMessageResponseSchema,
  type GetConversationRequest,
  type GetConversationResponse,
  GetConversationResponseSchema,
  type GetMyConversationResponse,
  GetMyConversationResponseSchema,
  type ListEntriesRequest,
  type ListEntriesResponse,
  ListEntriesResponseSchema,
  type MarkProgressRequest,
  type MarkProgressResponse,
  MarkProgressResponseSchema,
  type RateCaseRequest,
  type RateCaseResponse,
  RateCaseResponseSchema,
  type RemoveMessageRequest,
  type RemoveMessageResponse,
  RemoveMessageResponseSchema,
  type SendMessageRequest,
  type SendMessageResponse,
  SendMessageResponseSchema,
  type SetTypingRequest,
  type SetTypingResponse,
  SetTypingResponseSchema,
  type WatchRequest,
} from '@energy-chat/contract/conversation_pb.js';
import type { Entry as EntryMessage } from '@energy-chat/contract/entry_pb.js';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { callStream, type EventCall } from '../grpc/call-stream.js';
import { conversationMessage, entryMessage, topicOf } from '../grpc/domain-messages.js';
import { isAdmin, type Person } from '../identity/caller.js';
import { callerOf } from '../identity/current-caller.decorator.js';
import { SetTyping } from '../live/set-typing.js';
import { Watch } from '../live/watch.js';
import type { Entry, Side } from './entry.js';
import { EditMessage } from './edit-message.js';
import { GetConversation } from './get-conversation.js';
import { GetMyConversation } from './get-my-conversation.js';
import { type HistoryPosition, ListEntries } from './list-entries.js';
import { MarkProgress } from './mark-progress.js';
import { RateCase } from './rate-case.js';
import { RemoveMessage } from './remove-message.js';
import { SendMessage } from './send-message.js';

const SERVICE = 'energy.chat.v1.ConversationService';

@Controller()
export class ConversationController {
  constructor(
    private readonly getMine: GetMyConversation,
    private readonly getOne: GetConversation,
    private readonly list: ListEntries,
    private readonly send: SendMessage,
    private readonly edit: EditMessage,
    private readonly remove: RemoveMessage,
    private readonly rate: RateCase,
    private readonly mark: MarkProgress,
    private readonly typing: SetTyping,
    private readonly watching: Watch,
  ) {}

  @GrpcMethod(SERVICE, 'GetMyConversation')
  async getMyConversation(_request: unknown, metadata: Metadata): Promise<GetMyConversationResponse> {
    const { conversation, epoch } = await this.getMine.run(callerOf(metadata));
    return create(GetMyConversationResponseSchema, { conversation: conversationMessage(conversation), epoch });
  }

  @GrpcMethod(SERVICE, 'GetConversation')
  async getConversation({ conversationId }: GetConversationRequest): Promise<GetConversationResponse> {
    const { conversation, epoch } = await this.getOne.run(conversationId);
    return create(GetConversationResponseSchema, { conversation: conversationMessage(conversation), epoch });
  }

  @GrpcMethod(SERVICE, 'ListEntries')
  async listEntries(request: ListEntriesRequest, metadata: Metadata): Promise<ListEntriesResponse> {
    const { entries, nextPageToken, epoch } = await this.list.run({ ...request, position: positionOf(request) });
    const side = sideOf(callerOf(metadata));
    return create(ListEntriesResponseSchema, {
      entries: entries.map((entry) => entryMessage(side, entry)),
      nextPageToken,
      epoch,
    });
  }

  @GrpcMethod(SERVICE, 'SendMessage')
  async sendMessage(
    request: SendMessageRequest,
    metadata: Metadata,
    call: Pick<ServerUnaryCall<unknown, unknown>, 'cancelled'>,
  ): Promise<SendMessageResponse> {
    const caller = callerOf(metadata);
    const { conversationId, requestId, text, topic, seenCase } = request;
    const message = { conversationId, requestId, text, topic: topicOf(topic), seen: seenCase ?? null };
    const entry = await this.send.run(caller, message, () => call.cancelled);
    return create(SendMessageResponseSchema, { entry: entryMessage(sideOf(caller), entry) });
  }

  @GrpcMethod(SERVICE, 'EditMessage')
  async editMessage(request: EditMessageRequest, metadata: Metadata): Promise<EditMessageResponse> {
    const caller = callerOf(metadata);
    return create(EditMessageResponseSchema, asked(sideOf(caller), await this.edit.run(caller, request)));
  }

  @GrpcMethod(SERVICE, 'RemoveMessage')
  async removeMessage(request: RemoveMessageRequest, metadata: Metadata): Promise<RemoveMessageResponse> {
    const caller = callerOf(metadata);
    return create(RemoveMessageResponseSchema, asked(sideOf(caller), await this.remove.run(caller, request)));
  }

  @GrpcMethod(SERVICE, 'RateCase')
  async rateCase(request: RateCaseRequest, metadata: Metadata): Promise<RateCaseResponse> {
    const caller = callerOf(metadata);
    return create(RateCaseResponseSchema, asked(sideOf(caller), await this.rate.run(caller, request)));
  }

  @GrpcMethod(SERVICE, 'MarkProgress')
  async markProgress(request: MarkProgressRequest, metadata: Metadata): Promise<MarkProgressResponse> {
    await this.mark.run(callerOf(metadata), request);
    return create(MarkProgressResponseSchema);
  }

  @GrpcMethod(SERVICE, 'SetTyping')
  async setTyping(request: SetTypingRequest, metadata: Metadata): Promise<SetTypingResponse> {
    await this.typing.run(callerOf(metadata), request);
    return create(SetTypingResponseSchema);
  }

  @GrpcMethod(SERVICE, 'Watch')
  watch(request: WatchRequest, metadata: Metadata, call: EventCall): Observable<never> {
    const caller = callerOf(metadata);
    return callStream(call, (sink) => this.watching.run(caller, request, sink));
  }
}

function asked(side: Side, entry: Entry | null): { entry?: EntryMessage } {
  return entry === null ? {} : { entry: entryMessage(side, entry) };
}

function sideOf(person: Person): Side {
  return isAdmin(person) ? 'support' : 'client';
}

function positionOf({ position }: ListEntriesRequest): HistoryPosition | null {
  switch (position.case) {
    case 'beforeSeq':
      return { direction: 'before', seq: position.value };
    case 'afterSeq':
      return { direction: 'after', seq: position.value };
    case undefined:
      return null;
  }
}
