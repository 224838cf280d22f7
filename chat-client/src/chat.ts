import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient, createContextValues, type CallOptions, type Client, type Transport } from '@connectrpc/connect';
import { AuthService, type Session as SignedInSession } from '@energy-chat/contract/auth_pb.js';
import type { CaseTopic } from '@energy-chat/contract/case_pb.js';
import {
  ConversationService,
  type Conversation,
  type ListEntriesRequestSchema,
  type ListEntriesResponse,
  type MarkProgressRequestSchema,
  type SeenCaseSchema,
} from '@energy-chat/contract/conversation_pb.js';
import type { Entry } from '@energy-chat/contract/entry_pb.js';
import {
  InboxService,
  type Availability,
  type ClaimCaseResponse,
  type CloseCaseResponse,
  type GetCountsResponse,
  type ListConversationsRequestSchema,
  type ListConversationsResponse,
  type OpenCaseResponse,
  type ReleaseCaseResponse,
  type TransferCaseResponse,
} from '@energy-chat/contract/inbox_pb.js';
import { authorizedTransport, callerId } from './authorized-transport.js';
import { brokenAnswer } from './chat-error.js';
import { newRequestId } from './request-id.js';
import { retry, type CallLimits } from './retry.js';
import type { Session } from './session.js';
import { TypingNotifier } from './typing-notifier.js';

/** Of what adds to a conversation. Name the request id to repeat a request whose outcome is unknown. */
export interface ChangeLimits extends CallLimits {
  /** 1 to 64 printable ASCII characters; a new one unless given. */
  readonly requestId?: string | undefined;
}

export interface SendOptions extends ChangeLimits {
  /** Administrators: the open case that the page showed when its person pressed send; none when it showed none. */
  readonly seenCase?: MessageInitShape<typeof SeenCaseSchema> | undefined;
  /** Used when this message opens a case. */
  readonly topic?: CaseTopic | undefined;
}

/** A case and the revision that the page showed. */
export interface ShownCase {
  readonly conversationId: string;
  readonly caseId: string;
  readonly revision: number;
}

/** The client's word on a case. */
export interface CaseRating {
  readonly caseId: string;
  /** 1 (bad) to 5 (good). */
  readonly rating: number;
  /** At most 1,000 UTF-16 units; none unless given. */
  readonly comment?: string | undefined;
}

/** A conversation's row, and the epoch of the log it was read from, which the watch takes. */
export interface ConversationSnapshot {
  readonly conversation: Conversation;
  readonly epoch: string;
}

/**
 * The calls of the two portals. Each is tried with the same request until the service answers, the deadline passes or
 * the signal is aborted; refusals are thrown at once as ChatError. Of calls that add to a conversation any number of
 * tries has one effect and one answer. A call belongs to who was signed in when it was made, and fails with
 * OTHER_PERSON rather than go out as somebody else.
 */
export class Chat {
  private readonly auth: Client<typeof AuthService>;
  private readonly conversations: Client<typeof ConversationService>;
  private readonly inbox: Client<typeof InboxService>;
  private readonly typists = new Map<string, TypingNotifier>();

  constructor(
    transport: Transport,
    private readonly session: Session,
  ) {
    const authorized = authorizedTransport(transport, session);
    this.auth = createClient(AuthService, authorized);
    this.conversations = createClient(ConversationService, authorized);
    this.inbox = createClient(InboxService, authorized);
  }

  /** The committed entry. Throws CASE_TAKEN or CASE_ASSIGNED, and then nothing was written. */
  async sendMessage(conversationId: string, text: string, options: SendOptions = {}): Promise<Entry> {
    const { seenCase, topic, requestId = newRequestId() } = options;
    const request = {
      conversationId,
      requestId,
      text,
      ...(seenCase === undefined ? {} : { seenCase }),
      ...(topic === undefined ? {} : { topic }),
    };
    this.typists.get(conversationId)?.messageSent();
    const { entry } = await this.call((limits) => this.conversations.sendMessage(request, limits), options);
    if (entry === undefined) throw brokenAnswer('entry');
    return entry;
  }

  /**
   * Another text for one's own message, within 15 minutes. The entry that tells of it, or undefined when the text was that
   * already. Throws TOO_LATE or MESSAGE_GONE.
   */
  async editMessage(
    conversationId: string,
    targetSeq: number,
    text: string,
    change: ChangeLimits = {},
  ): Promise<Entry | undefined> {
    const request = { conversationId, targetSeq, text, requestId: change.requestId ?? newRequestId() };
    return (await this.call((options) => this.conversations.editMessage(request, options), change)).entry;
  }

  /** Takes one's own message away, within 15 minutes, for everybody and for good. Throws TOO_LATE. */
  async removeMessage(
    conversationId: string,
    targetSeq: number,
    change: ChangeLimits = {},
  ): Promise<Entry | undefined> {
    const request = { conversationId, targetSeq, requestId: change.requestId ?? newRequestId() };
    return (await this.call((options) => this.conversations.removeMessage(request, options), change)).entry;
  }

  /**
   * Clients: their word on a closed case, once. The entry that tells of it, or undefined when the case was rated so already.
   * Throws CASE_RATED when it was rated otherwise.
   */
  async rateCase(
    conversationId: string,
    { caseId, rating, comment = '' }: CaseRating,
    change: ChangeLimits = {},
  ): Promise<Entry | undefined> {
    const request = { conversationId, caseId, rating, comment, requestId: change.requestId ?? newRequestId() };
    return (await this.call((options) => this.conversations.rateCase(request, options), change)).entry;
  }

  /** The language in which the caller reads, a BCP 47 tag. */
  async setLanguage(language: string, limits: CallLimits = {}): Promise<void> {
    await this.call((options) => this.auth.setLanguage({ language }, options), limits);
  }

  /** Where the caller is signed in at this portal, the session used last first; at most 100. */
  async listSessions(limits: CallLimits = {}): Promise<readonly SignedInSession[]> {
    return (await this.call((options) => this.auth.listSessions({}, options), limits)).sessions;
  }

  /** Ends one of the caller's sessions; its pages ask to sign in again within 5 s. Throws SESSION_NOT_FOUND. */
  async endSession(sessionId: string, limits: CallLimits = {}): Promise<void> {
    const which = { case: 'sessionId', value: sessionId } as const;
    await this.call((options) => this.auth.endSession({ which }, options), limits);
  }

  /** Ends all sessions of the caller at this portal but this one. */
  async endOtherSessions(limits: CallLimits = {}): Promise<void> {
    const which = { case: 'allOthers', value: true } as const;
    await this.call((options) => this.auth.endSession({ which }, options), limits);
  }

  /** Clients: their own conversation, made on first use. */
  async getMyConversation(limits: CallLimits = {}): Promise<ConversationSnapshot> {
    return snapshot(await this.call((options) => this.conversations.getMyConversation({}, options), limits));
  }

  async getConversation(conversationId: string, limits: CallLimits = {}): Promise<ConversationSnapshot> {
    return snapshot(
      await this.call((options) => this.conversations.getConversation({ conversationId }, options), limits),
    );
  }

  /** A page of history, ascending; the newest page when neither a position nor a page token is given. */
  listEntries(
    request: MessageInitShape<typeof ListEntriesRequestSchema>,
    limits: CallLimits = {},
  ): Promise<ListEntriesResponse> {
    return this.call((options) => this.conversations.listEntries(request, options), limits);
  }

  async markProgress(
    request: MessageInitShape<typeof MarkProgressRequestSchema>,
    limits: CallLimits = {},
  ): Promise<void> {
    await this.call((options) => this.conversations.markProgress(request, options), limits);
  }

  /** Call on each keystroke: it tells the service at most every 3 s, and that it is over after 5 s without one. */
  typing(conversationId: string): void {
    let typist = this.typists.get(conversationId);
    if (typist === undefined) {
      typist = new TypingNotifier((typing) => this.setTyping(conversationId, typing));
      this.typists.set(conversationId, typist);
    }
    typist.keystroke();
  }

  stopTyping(conversationId: string): void {
    this.typists.get(conversationId)?.stop();
  }

  /** Given up after 3 s: later news replace it. */
  async setTyping(conversationId: string, typing: boolean): Promise<void> {
    const once = { deadlineMs: 3_000, tryTimeoutMs: 3_000 };
    await this.call((options) => this.conversations.setTyping({ conversationId, typing }, options), once);
  }

  listConversations(
    request: MessageInitShape<typeof ListConversationsRequestSchema>,
    limits: CallLimits = {},
  ): Promise<ListConversationsResponse> {
    return this.call((options) => this.inbox.listConversations(request, options), limits);
  }

  getCounts(limits: CallLimits = {}): Promise<GetCountsResponse> {
    return this.call((options) => this.inbox.getCounts({}, options), limits);
  }

  /** Unspecified: as its person said last. Answers what stands; see AvailabilityKeeper. Given up after 10 s. */
  async setAvailability(availability: Availability): Promise<Availability> {
    const limits = { deadlineMs: 10_000 };
    return (await this.call((options) => this.inbox.setAvailability({ availability }, options), limits)).availability;
  }

  /** A new case, assigned to the caller. Throws CASE_OPEN. */
  open(conversationId: string, topic: CaseTopic, change: ChangeLimits = {}): Promise<OpenCaseResponse> {
    const request = { conversationId, topic, requestId: change.requestId ?? newRequestId() };
    return this.call((options) => this.inbox.openCase(request, options), change);
  }

  /** A waiting case becomes the caller's. Throws CASE_TAKEN with the winner. */
  claim(shown: ShownCase, change: ChangeLimits = {}): Promise<ClaimCaseResponse> {
    const request = { ...caseFields(shown), requestId: change.requestId ?? newRequestId() };
    return this.call((options) => this.inbox.claimCase(request, options), change);
  }

  /** To any administrator; to oneself it is "take over". */
  transfer(shown: ShownCase, assigneeId: string, change: ChangeLimits = {}): Promise<TransferCaseResponse> {
    const request = { ...caseFields(shown), assigneeId, requestId: change.requestId ?? newRequestId() };
    return this.call((options) => this.inbox.transferCase(request, options), change);
  }

  /** Back to waiting. */
  release(shown: ShownCase, change: ChangeLimits = {}): Promise<ReleaseCaseResponse> {
    const request = { ...caseFields(shown), requestId: change.requestId ?? newRequestId() };
    return this.call((options) => this.inbox.releaseCase(request, options), change);
  }

  /** `seenSeq`: the last entry the page showed. Throws UNSEEN_MESSAGE when the client wrote since. */
  close(
    shown: ShownCase,
    seenSeq: number,
    change: ChangeLimits & { readonly reason?: string | undefined } = {},
  ): Promise<CloseCaseResponse> {
    const request = {
      ...caseFields(shown),
      seenSeq,
      reason: change.reason ?? '',
      requestId: change.requestId ?? newRequestId(),
    };
    return this.call((options) => this.inbox.closeCase(request, options), change);
  }

  private call<T>(attempt: (options: CallOptions) => Promise<T>, limits: CallLimits): Promise<T> {
    const contextValues = createContextValues().set(callerId, this.session.me?.id);
    return retry((options) => attempt({ ...options, contextValues }), limits);
  }
}

/** Only the fields of the request, whatever else the page's object has. */
function caseFields({ conversationId, caseId, revision }: ShownCase): ShownCase {
  return { conversationId, caseId, revision };
}

function snapshot({
  conversation,
  epoch,
}: {
  readonly conversation?: Conversation | undefined;
  readonly epoch: string;
}): ConversationSnapshot {
  if (conversation === undefined) throw brokenAnswer('conversation');
  return { conversation, epoch };
}
