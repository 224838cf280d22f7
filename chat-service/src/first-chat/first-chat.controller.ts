import { create } from '@bufbuild/protobuf';
import {
  type ChatMessage,
  type Empty,
  EmptySchema,
  type JoinResponse,
  JoinResponseSchema,
  type User,
  type UserList,
  UserListSchema,
} from '@energy-chat/contract/chat_pb.js';
import { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { callStream, type EventCall } from '../grpc/call-stream.js';
import { callerOf } from '../identity/current-caller.decorator.js';
import { JoinFirstChat } from './join-first-chat.js';
import { ListUsers } from './list-users.js';
import { ReceiveMessages } from './receive-messages.js';
import { SendFirstChatMessage } from './send-first-chat-message.js';

const SERVICE = 'ChatService';

/** The first chat's contract, `proto/chat.proto`, for the clients that have it. */
@Controller()
export class FirstChatController {
  constructor(
    private readonly joining: JoinFirstChat,
    private readonly sending: SendFirstChatMessage,
    private readonly receiving: ReceiveMessages,
    private readonly users: ListUsers,
  ) {}

  @GrpcMethod(SERVICE, 'join')
  async join({ name }: User, metadata: Metadata): Promise<JoinResponse> {
    return create(JoinResponseSchema, await this.joining.run(callerOf(metadata), name));
  }

  @GrpcMethod(SERVICE, 'sendMsg')
  async sendMsg(message: ChatMessage, metadata: Metadata): Promise<Empty> {
    await this.sending.run(callerOf(metadata), message);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'receiveMsg')
  async receiveMsg(_request: Empty, metadata: Metadata, call: EventCall): Promise<Observable<never>> {
    const caller = callerOf(metadata);
    const start = await this.receiving.startFor(caller);
    const opened = (): void => call.sendMetadata(new Metadata());
    return callStream(call, (sink) => this.receiving.run(caller, start, sink, opened));
  }

  @GrpcMethod(SERVICE, 'getAllUsers')
  async getAllUsers(_request: Empty, metadata: Metadata): Promise<UserList> {
    return create(UserListSchema, { users: await this.users.run(callerOf(metadata)) });
  }
}
