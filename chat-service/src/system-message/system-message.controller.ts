import { create } from '@bufbuild/protobuf';
import { Severity as SeverityMessage } from '@energy-chat/contract/entry_pb.js';
import {
  type GetNoticeRequest,
  type GetNoticeResponse,
  GetNoticeResponseSchema,
  type PublishRequest,
  type PublishResponse,
  PublishResponseSchema,
  type Recipient as RecipientMessage,
} from '@energy-chat/contract/system_message_pb.js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { invalidField } from '../chat-error.js';
import type { Severity } from '../conversation/entry.js';
import { timestamp } from '../grpc/domain-messages.js';
import { CurrentAccount } from '../identity/current-account.decorator.js';
import { GetNotice } from './get-notice.js';
import { PublishSystemMessage, sourceOf } from './publish-system-message.js';
import type { ServiceAccount } from './service-accounts.js';
import type { Recipient } from './system-event.js';

const SERVICE = 'energy.chat.v1.SystemMessageService';

const severities: Readonly<Record<SeverityMessage, Severity>> = {
  [SeverityMessage.UNSPECIFIED]: 'info',
  [SeverityMessage.INFO]: 'info',
  [SeverityMessage.WARNING]: 'warning',
  [SeverityMessage.CRITICAL]: 'critical',
};

@Controller()
export class SystemMessageController {
  constructor(
    private readonly publishing: PublishSystemMessage,
    private readonly notice: GetNotice,
  ) {}

  @GrpcMethod(SERVICE, 'Publish')
  async publish(
    @Payload() request: PublishRequest,
    @CurrentAccount() account: ServiceAccount,
  ): Promise<PublishResponse> {
    const { eventId, texts, link, needsAttention } = request;
    const source = sourceOf(account, request.source);
    const recipients = request.recipients.map(toRecipient);
    const severity = severities[request.severity] ?? 'info';
    const event = { source, eventId, recipients, texts, severity, link, needsAttention };
    const entry = await this.publishing.run(event, { kind: 'grpc', redelivered: false });
    return create(
      PublishResponseSchema,
      entry === null ? {} : { conversationId: entry.conversationId, seq: entry.seq },
    );
  }

  @GrpcMethod(SERVICE, 'GetNotice')
  async getNotice(
    @Payload() request: GetNoticeRequest,
    @CurrentAccount() account: ServiceAccount,
  ): Promise<GetNoticeResponse> {
    const source = sourceOf(account, request.source);
    const { createdAt, finishedAt, unknownRecipients, ...counts } = await this.notice.run(source, request.eventId);
    return create(GetNoticeResponseSchema, {
      ...counts,
      createdTime: timestamp(createdAt),
      unknownRecipients: unknownRecipients.map(({ by, value }) => ({ by: { case: cases[by], value } })),
      ...(finishedAt !== null && { finishedTime: timestamp(finishedAt) }),
    });
  }
}

const cases = { client_id: 'clientId', login: 'login', device_id: 'deviceId' } as const;
const names = { clientId: 'client_id', login: 'login', deviceId: 'device_id' } as const;

function toRecipient({ by }: RecipientMessage): Recipient {
  if (by.case === undefined) throw invalidField('recipients', 'name each by client_id, login or device_id.');
  return { by: names[by.case], value: by.value };
}
