import { durationMs } from '@bufbuild/protobuf/wkt';
import { Code, createClient, type Client, type Transport } from '@connectrpc/connect';
import {
  AuthService,
  type Audience,
  type RefreshResponse,
  type SignInResponse,
} from '@energy-chat/contract/auth_pb.js';
import type { Person } from '@energy-chat/contract/person_pb.js';
import { Backoff } from './backoff.js';
import { brokenAnswer, ChatError } from './chat-error.js';
import { delay, waitFor } from './delay.js';
import { InProcessRefreshLock, type RefreshLock } from './refresh-lock.js';
import { retry, type CallLimits } from './retry.js';
import type { SessionSiblings, SharedAccess } from './session-siblings.js';
import { MemoryTokenStore, type TokenStore } from './token-store.js';

/**
 * `reason` of signed-out: NEVER_SIGNED_IN, SIGNED_OUT (by this session's own signOut), OTHER_PERSON (somebody else has
 * signed in with the same cookie or store: `resume` takes their session up), or the service's reason for ending it, for
 * example SESSION_ENDED.
 */
export type SessionState =
  { readonly kind: 'signed-out'; readonly reason: string } | { readonly kind: 'signed-in'; readonly me: Person };

export interface SessionListener {
  /** Somebody signed in, the session ended, or what the platform knows of the person changed. */
  stateChanged?(state: SessionState): void;
  /** A newer access token is in use: streams that were opened with the one before should move. */
  refreshed?(): void;
  /** Signed out here, while somebody has signed in with the same cookie or store elsewhere: `resume` takes that up. */
  signedInElsewhere?(): void;
}

/** An access token as calls carry it. `number` grows with every new one. */
export interface AccessGrant {
  readonly token: string;
  readonly number: number;
  readonly personId: string;
}

export interface SessionOptions {
  /**
   * 'cookie' where the portal's edge keeps the refresh token in an HttpOnly cookie; else the store for it, in memory
   * unless given.
   */
  readonly refreshToken?: 'cookie' | TokenStore;
  /** Among everybody who shares the refresh token; in this process unless given. */
  readonly lock?: RefreshLock;
  /** The others who share it; none unless given. */
  readonly siblings?: SessionSiblings;
  /** For one try of a session call, in milliseconds. */
  readonly tryTimeoutMs?: number;
}

/** With these and a reason of the service, a refused Refresh means that the session is over. */
const OVER: ReadonlySet<Code> = new Set([
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.InvalidArgument,
  Code.NotFound,
  Code.FailedPrecondition,
]);

/**
 * Who is signed in. The access token lives in memory only; it is refreshed at 70 to 80 % of its life, which is counted
 * on the monotonic clock from before the request, so never too long. One refresh runs at a time; a refresh whose
 * answer is lost is tried again with the same refresh token until the service answers. Nothing but an answer of the
 * service ends a session, to this session or, for a sign-out, to a sibling. Siblings hand each other new access tokens,
 * so that one of them refreshes for all.
 */
export class Session {
  private readonly auth: Client<typeof AuthService>;
  private readonly store: TokenStore;
  private readonly cookie: boolean;
  private readonly lock: RefreshLock;
  private readonly siblings: SessionSiblings | undefined;
  private readonly leaveSiblings: (() => void) | undefined;
  private readonly tryTimeoutMs: number;
  private readonly listeners = new Set<SessionListener>();
  private current: SessionState = { kind: 'signed-out', reason: 'NEVER_SIGNED_IN' };
  private access: (AccessGrant & { readonly expiresAt: number }) | undefined;
  private accessNumber = 0;
  /** Grows with every sign-in and end: an answer that belongs to an earlier one is dropped. */
  private era = 0;
  /** Somebody signs this person out, here or in a sibling; over when a newer access token comes all the same. */
  private isSigningOut = false;
  private refreshing: Promise<void> | undefined;
  private refreshTimer: ReturnType<typeof setTimeout> | undefined;
  private pause = new AbortController();

  constructor(transport: Transport, options: SessionOptions = {}) {
    this.auth = createClient(AuthService, transport);
    this.cookie = options.refreshToken === 'cookie';
    this.store =
      options.refreshToken === undefined || options.refreshToken === 'cookie'
        ? new MemoryTokenStore()
        : options.refreshToken;
    this.lock = options.lock ?? new InProcessRefreshLock();
    this.tryTimeoutMs = options.tryTimeoutMs ?? 10_000;
    this.siblings = options.siblings;
    this.leaveSiblings = options.siblings?.listen({
      accessGiven: (access) => this.siblingHasAccess(access),
      signingOut: (personId) => {
        this.isSigningOut ||= this.me?.id === personId;
      },
      signedOut: (personId) => {
        if (this.me?.id === personId) this.end('SIGNED_OUT');
      },
      doubted: (personId) => {
        if (this.me?.id === personId) void this.refresh();
      },
      asked: () => this.sharedAccess(),
    });
  }

  get state(): SessionState {
    return this.current;
  }

  /** Undefined while signed out. */
  get me(): Person | undefined {
    return this.current.kind === 'signed-in' ? this.current.me : undefined;
  }

  /** Answers the way to stop listening. */
  listen(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** One try: the person is waiting. THROTTLED says how long to wait; `audience` is ignored behind a portal's edge. */
  async signIn(login: string, password: string, audience: Audience, signal?: AbortSignal): Promise<Person> {
    const startedAt = performance.now();
    // A refused sign-in may wait for its turn at the password check; the edge allows it 30 s.
    const limits = { timeoutMs: 30_000, ...(signal === undefined ? {} : { signal }) };
    try {
      const answer = await this.auth.signIn({ login, password, audience }, limits);
      if (this.me !== undefined && this.me.id !== answer.me?.id) this.end('OTHER_PERSON');
      this.era += 1;
      return await this.accept(answer, startedAt, this.era);
    } catch (failure) {
      throw ChatError.from(failure);
    }
  }

  /**
   * Takes up the session that the cookie or the store holds, for example after a reload. Answers whether somebody is
   * signed in. While the service is away it keeps trying; the signal ends the wait, not the tries.
   */
  async resume(signal?: AbortSignal): Promise<boolean> {
    if (this.current.kind === 'signed-in') return true;
    if (!this.cookie && (await this.store.load()) === undefined) return false;
    await waitFor(this.refresh(), signal);
    return this.me !== undefined;
  }

  /**
   * Ends the session on the service and then here. When the service cannot be told it throws and the session stays:
   * a cookie would sign the person in again at the next reload.
   */
  async signOut(limits: CallLimits = {}): Promise<void> {
    const { era, me } = this;
    if (me !== undefined) {
      // The service ends this session's streams before it answers: those who hear of it so should know why.
      this.isSigningOut = true;
      this.siblings?.signingOut(me.id);
    }
    await retry(
      async (options) => {
        if (this.current.kind === 'signed-out' || era !== this.era) return;
        const grant = await this.grant(options.signal);
        try {
          await this.auth.signOut({}, { ...options, headers: bearer(grant) });
        } catch (failure) {
          const error = ChatError.from(failure);
          if (error.code !== Code.Unauthenticated) throw error;
          await this.renew(grant, options.signal);
          if (this.me === undefined) return;
          await this.auth.signOut({}, { ...options, headers: bearer(await this.grant(options.signal)) });
        }
      },
      { deadlineMs: 10_000, ...limits },
    );
    if (era !== this.era && this.me !== undefined) return;
    await this.store.clear();
    if (era === this.era) this.end('SIGNED_OUT');
    if (me !== undefined) this.siblings?.signedOut(me.id);
  }

  /** The access token to call with; waits for a refresh when the last one has ended. Throws when signed out. */
  async grant(signal?: AbortSignal): Promise<AccessGrant> {
    for (;;) {
      if (this.current.kind === 'signed-out') {
        throw new ChatError(Code.Unauthenticated, this.current.reason, 'You are signed out. Sign in again.');
      }
      if (this.access !== undefined && performance.now() < this.access.expiresAt) return this.access;
      await waitFor(this.refresh(), signal);
    }
  }

  /** Resolves once a newer access token than the refused one is in use, or the session is over. */
  async renew(refused: AccessGrant, signal?: AbortSignal): Promise<void> {
    while (this.current.kind === 'signed-in' && this.accessNumber === refused.number) {
      await waitFor(this.refresh(), signal);
    }
  }

  isNewest(grant: AccessGrant): boolean {
    return grant.number === this.accessNumber;
  }

  /** The service said that the session of this token is over. Late news of an earlier token changes nothing. */
  endedByService(grant: AccessGrant, reason: string): void {
    if (!this.isNewest(grant) || this.current.kind === 'signed-out') return;
    this.endedFor(reason);
  }

  /** The network is back or the page is in front again: a refresh that waits for its next try goes at once. */
  wake(): void {
    this.pause.abort();
    this.pause = new AbortController();
  }

  /** Stops refreshing without ending the session on the service: the process or the page is about to end. */
  close(): void {
    this.era += 1;
    clearTimeout(this.refreshTimer);
    this.leaveSiblings?.();
    this.wake();
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.refreshUntilAnswered(this.era, this.accessNumber).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async refreshUntilAnswered(era: number, replaced: number): Promise<void> {
    const backoff = new Backoff(200, 10_000);
    while (era === this.era) {
      try {
        await this.lock.run(() => this.refreshOnce(era, replaced));
        return;
      } catch (failure) {
        const error = ChatError.from(failure);
        // Without a reason somebody else answered, for example the login page of a hotel's network.
        if (OVER.has(error.code) && error.reason !== '') {
          if (era !== this.era) return;
          // What cannot be cleared is a token that the service takes no more.
          void this.store.clear().catch(() => undefined);
          this.endedFor(error.reason);
          return;
        }
        await delay(backoff.next(error.retryAfterMs), this.pause.signal);
      }
    }
  }

  /** `replaced` numbers the access token that is to be replaced. */
  private async refreshOnce(era: number, replaced: number): Promise<void> {
    if (era !== this.era) return;
    // What a sibling got while this session waited for the lock has arrived by the time another answer does.
    const shared = await this.siblings?.ask();
    if (era !== this.era || this.accessNumber !== replaced) return;
    if (shared !== undefined && this.isWorthwhile(shared)) {
      this.use(shared, performance.now() + shared.lifeMs);
      return;
    }
    const refreshToken = (await this.store.load()) ?? '';
    const startedAt = performance.now();
    const answer = await this.auth.refresh({ refreshToken }, { timeoutMs: this.tryTimeoutMs });
    await this.accept(answer, startedAt, era);
  }

  private async accept(answer: SignInResponse | RefreshResponse, startedAt: number, era: number): Promise<Person> {
    const { accessToken, refreshToken, expiresIn, me } = answer;
    if (accessToken === '') throw brokenAnswer('access_token');
    if (expiresIn === undefined) throw brokenAnswer('expires_in');
    if (me === undefined) throw brokenAnswer('me');
    if (era !== this.era) return me;
    if (refreshToken !== '') await this.store.save(refreshToken);
    if (era !== this.era) return me;
    const lifeMs = durationMs(expiresIn);
    this.use({ token: accessToken, lifeMs, me }, startedAt + lifeMs);
    this.siblings?.giveAccess({ token: accessToken, lifeMs, me });
    return me;
  }

  /** From now on this access token is in use, unless it is somebody else's. */
  private use({ token, lifeMs, me }: SharedAccess, expiresAt: number): void {
    if (this.me !== undefined && this.me.id !== me.id) {
      this.end('OTHER_PERSON');
      return;
    }
    this.isSigningOut = false;
    this.accessNumber += 1;
    this.access = { token, number: this.accessNumber, personId: me.id, expiresAt };
    this.refreshAt(expiresAt - lifeMs * (0.3 - 0.1 * Math.random()));
    const before = this.current;
    this.current = { kind: 'signed-in', me };
    if (before.kind === 'signed-out' || !samePerson(before.me, me)) this.tellState();
    if (before.kind === 'signed-in') for (const listener of [...this.listeners]) listener.refreshed?.();
  }

  private siblingHasAccess(access: SharedAccess): void {
    if (this.current.kind === 'signed-out') {
      for (const listener of [...this.listeners]) listener.signedInElsewhere?.();
    } else if (this.isWorthwhile(access)) this.use(access, performance.now() + access.lifeMs);
  }

  /** Newer than the one in use, or of whoever has signed in since. */
  private isWorthwhile({ token, lifeMs, me }: SharedAccess): boolean {
    return token !== this.access?.token && (lifeMs > this.leftMs || me.id !== this.me?.id);
  }

  private sharedAccess(): SharedAccess | undefined {
    if (this.access === undefined || this.me === undefined || this.leftMs <= 0) return undefined;
    return { token: this.access.token, lifeMs: this.leftMs, me: this.me };
  }

  /** Of the access token in use, in milliseconds. */
  private get leftMs(): number {
    return this.access === undefined ? 0 : this.access.expiresAt - performance.now();
  }

  private refreshAt(time: number): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = setTimeout(() => void this.refresh(), Math.max(0, time - performance.now()));
  }

  /** By the service's word. */
  private endedFor(reason: string): void {
    const { me, isSigningOut } = this;
    this.end(isSigningOut ? 'SIGNED_OUT' : reason);
    if (me !== undefined && !isSigningOut) this.siblings?.doubt(me.id);
  }

  private end(reason: string): void {
    this.era += 1;
    this.isSigningOut = false;
    this.access = undefined;
    clearTimeout(this.refreshTimer);
    this.wake();
    this.current = { kind: 'signed-out', reason };
    this.tellState();
  }

  private tellState(): void {
    for (const listener of [...this.listeners]) listener.stateChanged?.(this.current);
  }
}

export function bearer(grant: AccessGrant): { authorization: string } {
  return { authorization: `Bearer ${grant.token}` };
}

function samePerson(one: Person, other: Person): boolean {
  return (
    one.id === other.id && one.login === other.login && one.displayName === other.displayName && one.role === other.role
  );
}
