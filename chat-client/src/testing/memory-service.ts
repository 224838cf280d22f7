import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  createRouterTransport,
  type ConnectRouter,
  type HandlerContext,
  type Transport,
} from '@connectrpc/connect';
import { AuthService, type EndSessionRequest, type SessionSchema } from '@energy-chat/contract/auth_pb.js';
import {
  ConversationSchema,
  ConversationService,
  ResetReason,
  type Conversation,
  type MarkProgressRequest,
  type RateCaseRequest,
  type SendMessageRequest,
  type WatchRequest,
} from '@energy-chat/contract/conversation_pb.js';
import {
  CaseRatedSchema,
  EntrySchema,
  MessageEditedSchema,
  MessageRemovedSchema,
  MessageSchema,
  type Entry,
  type Message,
} from '@energy-chat/contract/entry_pb.js';
import { ErrorInfoSchema, RetryInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { InboxService } from '@energy-chat/contract/inbox_pb.js';
import { PersonSchema, Role, Side, type Person } from '@energy-chat/contract/person_pb.js';
import { MemoryStream } from './memory-stream.js';

export function refusal(
  code: Code,
  reason: string,
  more: { facts?: Record<string, string>; retryMs?: number } = {},
): ConnectError {
  return new ConnectError(`Refused: ${reason}.`, code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: 'chat.energy', metadata: more.facts ?? {} } },
    ...(more.retryMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(more.retryMs) } }]),
  ]);
}

interface MemorySession {
  readonly person: Person;
  /** The highest generation of which a token was used. */
  used: number;
  /** Access tokens up to this generation have ended. */
  expired: number;
  ended: boolean;
  readonly userAgent: string;
}

interface Fault {
  readonly error: ConnectError;
  readonly when: 'before' | 'after';
  left: number;
}

export interface RecordedCall {
  readonly method: string;
  readonly requestId: string;
  readonly token: string;
}

/** The service by its contract, as far as the SDK can tell, in memory, with faults on order. */
export class MemoryService {
  readonly calls: RecordedCall[] = [];
  readonly progress: MarkProgressRequest[] = [];
  readonly typing: boolean[] = [];
  readonly streams: MemoryStream[] = [];
  readonly sessions: MemorySession[] = [];
  readonly conversations = new Map<string, { row: Conversation; entries: Entry[] }>();
  epoch = 'epoch-1';
  lifeMs = 480_000;
  /** Of who signs in next. */
  userAgent = '';
  /** New streams wait for `release` before they send anything. */
  holdStreams = false;
  /** The edge keeps refresh tokens: of session 0, as the browser's cookie jar would. */
  cookie: string | undefined;
  private readonly faults = new Map<string, Fault[]>();
  private readonly holds = new Map<string, Promise<void>>();

  readonly client = create(PersonSchema, { id: '7', login: 'ana', displayName: 'Ana Pop', role: Role.CLIENT });
  readonly admin = create(PersonSchema, { id: '2', login: 'maria', displayName: 'Maria Ionescu', role: Role.ADMIN });

  constructor() {
    this.addConversation('c1');
  }

  readonly routes = (router: ConnectRouter): void => {
    router.service(AuthService, {
      signIn: async ({ login, password }, context) => {
        await this.arrive('SignIn', context);
        const person = [this.client, this.admin].find((each) => each.login === login);
        if (person === undefined || password !== 'right') throw refusal(Code.Unauthenticated, 'WRONG_CREDENTIALS');
        this.sessions.push({ person, used: 0, expired: 0, ended: false, userAgent: this.userAgent });
        return this.answer('SignIn', this.tokens(this.sessions.length - 1, 1));
      },
      refresh: async ({ refreshToken }, context) => {
        await this.arrive('Refresh', context);
        const [number, generation] = parse(refreshToken === '' ? (this.cookie ?? '') : refreshToken);
        const session = this.sessions[number];
        if (session === undefined) throw refusal(Code.Unauthenticated, 'REFRESH_TOKEN_INVALID');
        if (session.ended || generation < session.used) {
          session.ended = true;
          throw refusal(Code.Unauthenticated, 'SESSION_ENDED');
        }
        session.used = generation;
        return this.answer('Refresh', this.tokens(number, generation + 1));
      },
      signOut: async (_, context) => {
        await this.arrive('SignOut', context);
        this.sessionOf(context).ended = true;
        return this.answer('SignOut', {});
      },
      getMe: (_, context) => ({ me: this.sessionOf(context).person }),
      setLanguage: async ({ language }, context) => {
        await this.arrive('SetLanguage', context);
        this.sessionOf(context).person.language = language;
        return this.answer('SetLanguage', {});
      },
      listSessions: async (_, context) => {
        await this.arrive('ListSessions', context);
        return this.answer('ListSessions', { sessions: this.listed(this.sessionOf(context)) });
      },
      endSession: async ({ which }, context) => {
        await this.arrive('EndSession', context);
        this.endSessions(which, this.sessionOf(context));
        return this.answer('EndSession', {});
      },
    });
    router.service(ConversationService, {
      getMyConversation: async (_, context) => {
        await this.arrive('GetMyConversation', context);
        this.sessionOf(context);
        return { conversation: this.conversation('c1').row, epoch: this.epoch };
      },
      getConversation: ({ conversationId }, context) => {
        this.sessionOf(context);
        return { conversation: this.conversation(conversationId).row, epoch: this.epoch };
      },
      listEntries: async ({ conversationId, position, pageSize }, context) => {
        await this.arrive('ListEntries', context);
        this.sessionOf(context);
        const size = pageSize === 0 ? 50 : pageSize;
        const { entries } = this.conversation(conversationId);
        const after = position.case === 'afterSeq';
        const all = entries.filter(({ seq }) => {
          if (position.case === 'beforeSeq') return seq < position.value;
          return position.case === 'afterSeq' ? seq > position.value : true;
        });
        const page = after ? all.slice(0, size) : all.slice(-size);
        const nextPageToken = page.length < all.length ? 'more' : '';
        return this.answer('ListEntries', { entries: page, nextPageToken, epoch: this.epoch });
      },
      sendMessage: async (request, context) => {
        await this.arrive('SendMessage', context, request.requestId);
        const { person } = this.sessionOf(context);
        return this.answer('SendMessage', { entry: this.write(request, person) });
      },
      editMessage: async (request, context) => {
        await this.arrive('EditMessage', context, request.requestId);
        this.sessionOf(context);
        return this.answer('EditMessage', {
          entry: this.edit(request.conversationId, request.targetSeq, request.text),
        });
      },
      removeMessage: async ({ conversationId, targetSeq, requestId }, context) => {
        await this.arrive('RemoveMessage', context, requestId);
        this.sessionOf(context);
        return this.answer('RemoveMessage', { entry: this.remove(conversationId, targetSeq) });
      },
      rateCase: async (request, context) => {
        await this.arrive('RateCase', context, request.requestId);
        const { person } = this.sessionOf(context);
        return this.answer('RateCase', { entry: this.rate(request, person) });
      },
      markProgress: async (request, context) => {
        await this.arrive('MarkProgress', context);
        this.sessionOf(context);
        this.progress.push(request);
        return this.answer('MarkProgress', {});
      },
      setTyping: async ({ typing }, context) => {
        await this.arrive('SetTyping', context);
        this.typing.push(typing);
        return this.answer('SetTyping', {});
      },
      watch: (request, context) => this.watch(request, context),
    });
    router.service(InboxService, {
      claimCase: async (request, context) => {
        await this.arrive('ClaimCase', context, request.requestId);
        this.sessionOf(context);
        return this.answer('ClaimCase', { case: { id: request.caseId, revision: request.revision + 1 } });
      },
    });
  };

  transport(): Transport {
    return createRouterTransport(this.routes);
  }

  /** The next calls of this method fail: before their effect, or after it, so that only the answer is lost. */
  fail(method: string, error: ConnectError, times = 1, when: Fault['when'] = 'before'): void {
    this.faults.set(method, [...(this.faults.get(method) ?? []), { error, when, left: times }]);
  }

  /** No more faults on order, and streams that were held go on. */
  heal(): void {
    this.faults.clear();
    this.holdStreams = false;
    for (const stream of this.open) stream.heal();
  }

  /** Calls of this method wait until the answered function is called. */
  hold(method: string): () => void {
    let release: () => void = () => undefined;
    this.holds.set(method, new Promise((resolve) => (release = resolve)));
    return () => {
      this.holds.delete(method);
      release();
    };
  }

  addConversation(id: string): void {
    const row = create(ConversationSchema, {
      id,
      version: 1,
      client: this.client,
      firstSeq: 1,
      clientProgress: {},
      supportProgress: {},
    });
    this.conversations.set(id, { row, entries: [] });
  }

  conversation(id: string): { row: Conversation; entries: Entry[] } {
    const conversation = this.conversations.get(id);
    if (conversation === undefined) throw refusal(Code.PermissionDenied, 'NOT_YOURS');
    return conversation;
  }

  append(id: string, content: Entry['content'], author: Person = this.client, requestId = ''): Entry {
    const conversation = this.conversation(id);
    const entry = create(EntrySchema, {
      conversationId: id,
      seq: conversation.entries.length + 1,
      createdTime: timestampFromMs(1_000_000 + conversation.entries.length),
      author: { id: author.id, displayName: author.displayName, side: sideOf(author) },
      requestId,
      content,
    });
    conversation.entries.push(entry);
    for (const stream of this.watching(id)) stream.send({ case: 'entry', value: entry });
    this.changeRow(id, { lastSeq: entry.seq });
    return entry;
  }

  message(id: string, text: string, author: Person = this.client): Entry {
    return this.append(id, { case: 'message', value: create(MessageSchema, { text }) }, author);
  }

  changeRow(id: string, change: Partial<Omit<Conversation, '$typeName' | '$unknown' | 'version'>>): Conversation {
    const conversation = this.conversation(id);
    conversation.row = { ...conversation.row, ...change, version: conversation.row.version + 1 };
    for (const stream of this.watching(id)) stream.send({ case: 'conversation', value: conversation.row });
    return conversation.row;
  }

  /** Streams that nobody has closed. */
  get open(): readonly MemoryStream[] {
    return this.streams.filter((stream) => !stream.closed);
  }

  /** The only open stream. */
  get stream(): MemoryStream {
    const [only, ...others] = this.open;
    if (only === undefined || others.length > 0) throw new Error(`${this.open.length} streams are open, not one.`);
    return only;
  }

  callsOf(method: string): readonly RecordedCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  private write({ conversationId, requestId, text }: SendMessageRequest, person: Person): Entry {
    const known = this.conversation(conversationId).entries.find((entry) => entry.requestId === requestId);
    return (
      known ??
      this.append(conversationId, { case: 'message', value: create(MessageSchema, { text }) }, person, requestId)
    );
  }

  /** As the log does it: the new text stands at the message, and an entry of the same time tells of it. */
  edit(id: string, targetSeq: number, text: string): Entry {
    this.change(id, targetSeq, (editedTime) => ({ text, editedTime }));
    return this.append(id, { case: 'messageEdited', value: create(MessageEditedSchema, { targetSeq }) });
  }

  remove(id: string, targetSeq: number): Entry {
    this.change(id, targetSeq, (removedTime) => ({ text: '', removedTime }));
    return this.append(id, { case: 'messageRemoved', value: create(MessageRemovedSchema, { targetSeq }) });
  }

  private rate({ conversationId, requestId, caseId, rating, comment }: RateCaseRequest, person: Person): Entry {
    const { entries } = this.conversation(conversationId);
    const rated = entries.find(({ content }) => content.case === 'caseRated' && content.value.case?.id === caseId);
    if (rated?.requestId === requestId) return rated;
    if (rated !== undefined) throw refusal(Code.FailedPrecondition, 'CASE_RATED');
    const value = create(CaseRatedSchema, { case: { id: caseId }, rating, comment });
    return this.append(conversationId, { case: 'caseRated', value }, person, requestId);
  }

  private listed(asking: MemorySession): MessageInitShape<typeof SessionSchema>[] {
    return this.sessions.flatMap((session, index) => {
      if (session.ended || session.person.id !== asking.person.id) return [];
      const { userAgent } = session;
      const times = { createdTime: timestampFromMs(1_000_000), usedTime: timestampFromMs(2_000_000) };
      return [{ id: String(index), current: session === asking, userAgent, ...times }];
    });
  }

  private endSessions(which: EndSessionRequest['which'], asking: MemorySession): void {
    const mine = this.sessions.filter(({ person }) => person.id === asking.person.id);
    const named = this.sessions[Number(which.case === 'sessionId' ? which.value : -1)];
    if (which.case === 'sessionId' && (named === undefined || !mine.includes(named))) {
      throw refusal(Code.NotFound, 'SESSION_NOT_FOUND');
    }
    for (const session of mine)
      if (session === named || (named === undefined && session !== asking)) session.ended = true;
  }

  private change(id: string, seq: number, become: (now: Timestamp) => Partial<Message>): void {
    const { entries } = this.conversation(id);
    const target = entries[seq - 1];
    if (target?.content.case !== 'message') throw refusal(Code.NotFound, 'MESSAGE_NOT_FOUND');
    const value = { ...target.content.value, ...become(timestampFromMs(1_000_000 + entries.length)) };
    entries[seq - 1] = { ...target, content: { case: 'message', value } };
  }

  private watching(id: string): readonly MemoryStream[] {
    return this.open.filter((stream) => stream.live && stream.watches(id));
  }

  private async *watch(request: WatchRequest, context: HandlerContext): MemoryStream['responses'] {
    await this.arrive('Watch', context);
    this.sessionOf(context);
    const stream = new MemoryStream(request, context.signal);
    this.streams.push(stream);
    if (!this.holdStreams) this.catchUp(stream);
    else stream.whenReleased(() => this.catchUp(stream));
    yield* stream.responses;
  }

  /** What stands when a Watch begins, as the contract orders it. */
  private catchUp(stream: MemoryStream): void {
    for (const { conversationId, afterSeq } of stream.request.cursors) {
      const conversation = this.conversations.get(conversationId);
      if (conversation === undefined) {
        stream.fail(refusal(Code.PermissionDenied, 'NOT_YOURS'));
        return;
      }
      const head = conversation.row.lastSeq;
      const reason = this.resetReason(stream.request.epoch, afterSeq, conversation.row);
      if (reason === undefined) {
        for (const entry of conversation.entries.slice(afterSeq)) stream.send({ case: 'entry', value: entry });
      } else {
        stream.send({ case: 'reset', value: { conversationId, reason, epoch: this.epoch, afterSeq: head } });
      }
      stream.send({ case: 'conversation', value: conversation.row });
    }
    stream.send({ case: 'caughtUp', value: { epoch: this.epoch } });
    stream.live = true;
  }

  private resetReason(epoch: string, afterSeq: number, row: Conversation): ResetReason | undefined {
    if (epoch !== '' && epoch !== this.epoch) return ResetReason.OTHER_EPOCH;
    if (afterSeq > row.lastSeq) return ResetReason.BEYOND_HEAD;
    return row.lastSeq - afterSeq > 1_000 ? ResetReason.TOO_FAR_BEHIND : undefined;
  }

  private tokens(
    session: number,
    generation: number,
  ): {
    accessToken: string;
    refreshToken: string;
    expiresIn: ReturnType<typeof durationFromMs>;
    me: Person;
  } {
    const me = this.sessions[session]?.person ?? this.client;
    const token = `${session}.${generation}`;
    if (this.cookie !== undefined) this.cookie = token;
    const refreshToken = this.cookie === undefined ? token : '';
    return { accessToken: token, refreshToken, expiresIn: durationFromMs(this.lifeMs), me };
  }

  private sessionOf(context: HandlerContext): MemorySession {
    const [number, generation] = parse(tokenOf(context));
    const session = this.sessions[number];
    if (session === undefined) throw refusal(Code.Unauthenticated, 'TOKEN_INVALID');
    if (session.ended) throw refusal(Code.Unauthenticated, 'SESSION_ENDED');
    if (generation <= session.expired) throw refusal(Code.Unauthenticated, 'TOKEN_EXPIRED');
    session.used = Math.max(session.used, generation);
    return session;
  }

  private async arrive(method: string, context: HandlerContext, requestId = ''): Promise<void> {
    this.calls.push({ method, requestId, token: tokenOf(context) });
    await this.holds.get(method);
    this.takeFault(method, 'before');
  }

  private answer<T>(method: string, answer: T): T {
    this.takeFault(method, 'after');
    return answer;
  }

  private takeFault(method: string, when: Fault['when']): void {
    const fault = this.faults.get(method)?.find((each) => each.left > 0);
    if (fault?.when !== when) return;
    fault.left -= 1;
    throw fault.error;
  }
}

function tokenOf(context: HandlerContext): string {
  return context.requestHeader.get('authorization')?.replace('Bearer ', '') ?? '';
}

function parse(token: string): [session: number, generation: number] {
  const [session, generation] = token.split('.').map(Number);
  return [session ?? -1, generation ?? -1];
}

function sideOf(person: Person): Side {
  return person.role === Role.CLIENT ? Side.CLIENT : Side.SUPPORT;
}
