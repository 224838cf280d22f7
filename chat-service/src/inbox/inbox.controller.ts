import { create } from '@bufbuild/protobuf';
import {
  Availability as AvailabilityMessage,
  type ClaimCaseRequest,
  type ClaimCaseResponse,
  ClaimCaseResponseSchema,
  type CloseCaseRequest,
  type CloseCaseResponse,
  CloseCaseResponseSchema,
  type GetCountsResponse,
  GetCountsResponseSchema,
  InboxFilter as InboxFilterMessage,
  type ListConversationsRequest,
  type ListConversationsResponse,
  ListConversationsResponseSchema,
  type OpenCaseRequest,
  type OpenCaseResponse,
  OpenCaseResponseSchema,
  type ReleaseCaseRequest,
  type ReleaseCaseResponse,
  ReleaseCaseResponseSchema,
  type SetAvailabilityRequest,
  type SetAvailabilityResponse,
  SetAvailabilityResponseSchema,
  type TransferCaseRequest,
  type TransferCaseResponse,
  TransferCaseResponseSchema,
} from '@energy-chat/contract/inbox_pb.js';
import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { caseMessage, conversationMessage, entryMessage, topicOf } from '../grpc/domain-messages.js';
import { callerOf } from '../identity/current-caller.decorator.js';
import { PresenceBoard } from '../live/presence-board.js';
import type { Availability } from '../live/presence.port.js';
import type { CaseChanged, CaseRequest } from './change-case.js';
import { ClaimCase } from './claim-case.js';
import { CloseCase } from './close-case.js';
import { GetCounts } from './get-counts.js';
import type { InboxFilter } from './inbox.port.js';
import { ListConversations } from './list-conversations.js';
import { OpenCase } from './open-case.js';
import { ReleaseCase } from './release-case.js';
import { TransferCase } from './transfer-case.js';

const SERVICE = 'energy.chat.v1.InboxService';

const filters: Readonly<Record<InboxFilterMessage, InboxFilter | undefined>> = {
  [InboxFilterMessage.UNSPECIFIED]: undefined,
  [InboxFilterMessage.WAITING]: 'waiting',
  [InboxFilterMessage.MINE]: 'mine',
  [InboxFilterMessage.OTHERS]: 'others',
  [InboxFilterMessage.CLOSED]: 'closed',
};

const availabilities: Readonly<Record<AvailabilityMessage, Availability | null>> = {
  [AvailabilityMessage.UNSPECIFIED]: null,
  [AvailabilityMessage.AVAILABLE]: 'available',
  [AvailabilityMessage.AWAY]: 'away',
};
const availabilityMessages: Readonly<Record<Availability, AvailabilityMessage>> = {
  available: AvailabilityMessage.AVAILABLE,
  away: AvailabilityMessage.AWAY,
};

@Controller()
export class InboxController {
  constructor(
    private readonly list: ListConversations,
    private readonly counts: GetCounts,
    private readonly open: OpenCase,
    private readonly claim: ClaimCase,
    private readonly transfer: TransferCase,
    private readonly release: ReleaseCase,
    private readonly close: CloseCase,
    private readonly presence: PresenceBoard,
  ) {}

  @GrpcMethod(SERVICE, 'ListConversations')
  async listConversations(request: ListConversationsRequest, metadata: Metadata): Promise<ListConversationsResponse> {
    const { conversations, nextPageToken } = await this.list.run(callerOf(metadata), {
      ...request,
      filter: filters[request.filter],
    });
    return create(ListConversationsResponseSchema, {
      conversations: conversations.map(conversationMessage),
      nextPageToken,
    });
  }

  @GrpcMethod(SERVICE, 'GetCounts')
  async getCounts(_request: unknown, metadata: Metadata): Promise<GetCountsResponse> {
    return create(GetCountsResponseSchema, { ...(await this.counts.run(callerOf(metadata))) });
  }

  @GrpcMethod(SERVICE, 'OpenCase')
  async openCase(request: OpenCaseRequest, metadata: Metadata): Promise<OpenCaseResponse> {
    const opened = await this.open.run(callerOf(metadata), { ...request, topic: topicOf(request.topic) });
    return create(OpenCaseResponseSchema, changed(opened));
  }

  @GrpcMethod(SERVICE, 'ClaimCase')
  async claimCase(request: ClaimCaseRequest, metadata: Metadata): Promise<ClaimCaseResponse> {
    return create(ClaimCaseResponseSchema, changed(await this.claim.run(callerOf(metadata), caseRequest(request))));
  }

  @GrpcMethod(SERVICE, 'TransferCase')
  async transferCase(request: TransferCaseRequest, metadata: Metadata): Promise<TransferCaseResponse> {
    const { assigneeId } = request;
    const transferred = await this.transfer.run(callerOf(metadata), { ...caseRequest(request), assigneeId });
    return create(TransferCaseResponseSchema, changed(transferred));
  }

  @GrpcMethod(SERVICE, 'ReleaseCase')
  async releaseCase(request: ReleaseCaseRequest, metadata: Metadata): Promise<ReleaseCaseResponse> {
    return create(ReleaseCaseResponseSchema, changed(await this.release.run(callerOf(metadata), caseRequest(request))));
  }

  @GrpcMethod(SERVICE, 'CloseCase')
  async closeCase(request: CloseCaseRequest, metadata: Metadata): Promise<CloseCaseResponse> {
    const { seenSeq, reason } = request;
    const closed = await this.close.run(callerOf(metadata), { ...caseRequest(request), seenSeq, reason });
    return create(CloseCaseResponseSchema, changed(closed));
  }

  @GrpcMethod(SERVICE, 'SetAvailability')
  async setAvailability(request: SetAvailabilityRequest, metadata: Metadata): Promise<SetAvailabilityResponse> {
    const stands = await this.presence.declare(callerOf(metadata).id, availabilities[request.availability] ?? null);
    return create(SetAvailabilityResponseSchema, { availability: availabilityMessages[stands] });
  }
}

function caseRequest(request: {
  conversationId: string;
  requestId: string;
  caseId: string;
  revision: number;
}): CaseRequest {
  const { conversationId, requestId, caseId, revision } = request;
  return { conversationId, requestId, seen: { caseId, revision } };
}

function changed({ view, entry }: CaseChanged) {
  return { case: caseMessage(view), ...(entry !== null && { entry: entryMessage('support', entry) }) };
}
