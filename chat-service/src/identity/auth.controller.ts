import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  Audience as AudienceMessage,
  type EndSessionRequest,
  type EndSessionResponse,
  EndSessionResponseSchema,
  type GetMeResponse,
  GetMeResponseSchema,
  type ListSessionsResponse,
  ListSessionsResponseSchema,
  type RefreshRequest,
  type RefreshResponse,
  RefreshResponseSchema,
  type SignInRequest,
  type SignInResponse,
  SignInResponseSchema,
  SessionSchema,
  type SetLanguageRequest,
  type SetLanguageResponse,
  SetLanguageResponseSchema,
  type SignOutRequest,
  type SignOutResponse,
  SignOutResponseSchema,
} from '@energy-chat/contract/auth_pb.js';
import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { timestamp } from '../grpc/domain-messages.js';
import type { Audience, Caller, Person } from './caller.js';
import { callerOf, CurrentCaller } from './current-caller.decorator.js';
import { EndSession, type SessionsToEnd } from './end-session.js';
import { Languages } from './languages.port.js';
import { ListSessions } from './list-sessions.js';
import { personMessage } from './person-message.js';
import { Refresh } from './refresh.js';
import { type RefreshCarrier, refreshCarrierOf } from './refresh-carrier.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SetLanguage } from './set-language.js';
import { type SignedIn, SignIn } from './sign-in.js';
import { SignOut } from './sign-out.js';
import { userAgentOf } from './user-agent.js';

type UnaryCall = Pick<ServerUnaryCall<unknown, unknown>, 'sendMetadata'>;

const SERVICE = 'energy.chat.v1.AuthService';

const audiences: Readonly<Record<AudienceMessage, Audience | undefined>> = {
  [AudienceMessage.UNSPECIFIED]: undefined,
  [AudienceMessage.CLIENT]: 'client',
  [AudienceMessage.ADMIN]: 'admin',
};

@Controller()
export class AuthController {
  constructor(
    private readonly signInCase: SignIn,
    private readonly refreshCase: Refresh,
    private readonly signOutCase: SignOut,
    private readonly setLanguageCase: SetLanguage,
    private readonly languages: Languages,
    private readonly listSessionsCase: ListSessions,
    private readonly endSessionCase: EndSession,
    private readonly cookie: RefreshCookie,
  ) {}

  @GrpcMethod(SERVICE, 'SignIn')
  async signIn(request: SignInRequest, metadata: Metadata, call: UnaryCall): Promise<SignInResponse> {
    const carrier = this.carrierOf(metadata, call);
    const audience = carrier.portal ?? audiences[request.audience];
    const { login, password } = request;
    const signedIn = await this.signInCase.run({ login, password, audience, userAgent: userAgentOf(metadata) });
    return create(SignInResponseSchema, await this.tokensOf(signedIn, carrier));
  }

  @GrpcMethod(SERVICE, 'Refresh')
  async refresh(request: RefreshRequest, metadata: Metadata, call: UnaryCall): Promise<RefreshResponse> {
    const carrier = this.carrierOf(metadata, call);
    const refreshed = await this.refreshCase.run(carrier.presented(request.refreshToken), carrier.portal);
    return create(RefreshResponseSchema, await this.tokensOf(refreshed, carrier));
  }

  @GrpcMethod(SERVICE, 'SignOut')
  async signOut(_request: SignOutRequest, metadata: Metadata, call: UnaryCall): Promise<SignOutResponse> {
    await this.signOutCase.run(callerOf(metadata));
    this.carrierOf(metadata, call).forget();
    return create(SignOutResponseSchema);
  }

  @GrpcMethod(SERVICE, 'GetMe')
  async getMe(@CurrentCaller() caller: Caller): Promise<GetMeResponse> {
    return create(GetMeResponseSchema, { me: await this.own(caller) });
  }

  @GrpcMethod(SERVICE, 'SetLanguage')
  async setLanguage(
    @Payload() { language }: SetLanguageRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<SetLanguageResponse> {
    await this.setLanguageCase.run(caller, language);
    return create(SetLanguageResponseSchema);
  }

  @GrpcMethod(SERVICE, 'ListSessions')
  async listSessions(@CurrentCaller() caller: Caller): Promise<ListSessionsResponse> {
    const sessions = (await this.listSessionsCase.run(caller)).map(({ id, createdAt, usedAt, userAgent }) =>
      create(SessionSchema, {
        id,
        current: id === caller.sessionId,
        createdTime: timestamp(createdAt),
        usedTime: timestamp(usedAt),
        userAgent,
      }),
    );
    return create(ListSessionsResponseSchema, { sessions });
  }

  @GrpcMethod(SERVICE, 'EndSession')
  async endSession(
    @Payload() request: EndSessionRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<EndSessionResponse> {
    await this.endSessionCase.run(caller, sessionsToEnd(request));
    return create(EndSessionResponseSchema);
  }

  private async own(person: Person) {
    return personMessage(person, await this.languages.languageOf(person.id));
  }

  private async tokensOf({ access, person, refreshToken }: SignedIn, carrier: RefreshCarrier) {
    return {
      accessToken: access.token,
      expiresIn: durationFromMs(access.expiresInSeconds * 1000),
      // Before the cookie leaves: what fails hands over no token.
      me: await this.own(person),
      refreshToken: carrier.hand(refreshToken),
    };
  }

  private carrierOf(metadata: Metadata, call: UnaryCall): RefreshCarrier {
    const setCookie = (cookie: string): void => {
      const headers = new Metadata();
      headers.set('set-cookie', cookie);
      call.sendMetadata(headers);
    };
    return refreshCarrierOf(metadata, setCookie, this.cookie);
  }
}

function sessionsToEnd({ which }: EndSessionRequest): SessionsToEnd | undefined {
  switch (which.case) {
    case 'sessionId':
      return { sessionId: which.value };
    case 'allOthers':
      return which.value ? 'all-others' : undefined;
    case undefined:
      return undefined;
  }
}
