import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ChatError } from '../chat-error.js';
import type { Audience, Caller, Person } from './caller.js';
import type { SigningKeys } from './signing-keys.js';

/** Who an access token is given to. */
export interface AccessGrant {
  readonly person: Person;
  readonly sessionId: string;
  readonly generation: number;
  readonly audience: Audience;
}

export interface AccessToken {
  readonly token: string;
  /** From the moment it was made. */
  readonly expiresInSeconds: number;
}

const ISSUER = 'energy-chat';
const AUDIENCES: Audience[] = ['client', 'admin'];
/** RFC 9068: keeps access tokens apart from any other JWT of the same key. */
const TYPE = 'at+jwt';
const ALGORITHM = 'EdDSA';
/** How far the clocks of two replicas may differ, in seconds. */
const LEEWAY = 90;
/** Tokens remembered as verified; about 1 kB each. */
const REMEMBERED = 20_000;

const claims = z.object({
  sub: z.string(),
  sid: z.string(),
  aud: z.enum(['client', 'admin']),
  gen: z.int().nonnegative(),
  login: z.string(),
  name: z.string(),
  role: z.enum(['client', 'admin', 'supervisor']),
  exp: z.int(),
});

/**
 * Access tokens: JWTs signed with Ed25519. Each is verified once and then remembered until its end, by the whole text.
 * `verify` throws TOKEN_EXPIRED for a token that was good, and TOKEN_INVALID for everything else that is not.
 */
export class AccessTokens {
  private readonly verified = new LRUCache<string, Promise<Caller>>({ max: REMEMBERED });

  constructor(
    private readonly keys: SigningKeys,
    /** ACCESS_TOKEN_SECONDS. */
    private readonly lifetimeSeconds: number,
    /** Milliseconds since 1970; replaced in tests only. */
    private readonly now: () => number = Date.now,
  ) {}

  async issue({ person, sessionId, generation, audience }: AccessGrant): Promise<AccessToken> {
    const issuedAt = Math.floor(this.now() / 1000);
    const token = await new SignJWT({
      iss: ISSUER,
      aud: audience,
      sub: person.id,
      sid: sessionId,
      gen: generation,
      login: person.login,
      name: person.displayName,
      role: person.role,
      iat: issuedAt,
      exp: issuedAt + Math.ceil(this.lifetimeSeconds),
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.keys.signing.id, typ: TYPE })
      .sign(this.keys.signing.key);
    return { token, expiresInSeconds: this.lifetimeSeconds };
  }

  async verify(token: string): Promise<Caller> {
    const known = this.verified.get(token) ?? this.remember(token);
    const caller = await known;
    if (this.now() < caller.expiresAt + LEEWAY * 1000) return caller;
    this.verified.delete(token);
    throw expired();
  }

  private remember(token: string): Promise<Caller> {
    const caller = this.decode(token);
    this.verified.set(token, caller);
    caller.catch(() => this.verified.delete(token));
    return caller;
  }

  private async decode(token: string): Promise<Caller> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.keyOf(kid), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: ISSUER,
        audience: AUDIENCES,
        clockTolerance: LEEWAY,
        currentDate: new Date(this.now()),
        requiredClaims: ['exp'],
      });
      const { sub, sid, aud, gen, login, name, role, exp } = claims.parse(payload);
      return {
        id: sub,
        login,
        displayName: name,
        role,
        sessionId: sid,
        generation: gen,
        audience: aud,
        expiresAt: exp * 1000,
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw invalid(error);
      throw error;
    }
  }

  private keyOf(id: string | undefined) {
    const key = id === undefined ? undefined : this.keys.verifying.get(id);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  }
}

function expired(): ChatError {
  return new ChatError('unauthenticated', 'TOKEN_EXPIRED', 'The access token has ended. Refresh it, then try again.');
}

function invalid(cause: unknown): ChatError {
  return new ChatError('unauthenticated', 'TOKEN_INVALID', 'The access token is not one of ours. Sign in again.', {
    cause,
  });
}
