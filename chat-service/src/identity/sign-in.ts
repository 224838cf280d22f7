import { ChatError, invalidField } from '../chat-error.js';
import type { AccessToken, AccessTokens } from './access-token.js';
import { admits } from './audience.js';
import type { Audience, Person } from './caller.js';
import type { Passwords } from './password.js';
import type { People } from './people.port.js';
import { admittedPerson } from './person-record.js';
import type { RefreshTokens } from './refresh-token.js';
import type { RefusalStep } from './refusal-step.js';
import { newSessionId, type Sessions } from './sessions.port.js';

export interface Credentials {
  /** 1 to 255 characters. */
  readonly login: string;
  /** 1 to 1,024 bytes in UTF-8. */
  readonly password: string;
  readonly audience: Audience | undefined;
  /** What the browser calls itself, at most 255 characters. */
  readonly userAgent: string;
}

/** What a portal holds after it signed in or refreshed. */
export interface SignedIn {
  readonly person: Person;
  readonly audience: Audience;
  readonly access: AccessToken;
  readonly refreshToken: string;
}

/** Login and password for a session. Who it is for is whom the platform's database returned, never what was typed. */
export class SignIn {
  constructor(
    private readonly people: People,
    private readonly passwords: Passwords,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly refusals: RefusalStep,
    /** Called with everybody who signs in, so that copies of a login and name kept elsewhere are refreshed. */
    private readonly personSeen: (person: Person) => Promise<void>,
  ) {}

  /**
   * Refuses with INVALID_CREDENTIALS whatever the cause, and with WRONG_PORTAL a right password at the other portal;
   * either refusal leaves on a 500 ms step after arrival.
   */
  async run({ login, password, audience, userAgent }: Credentials): Promise<SignedIn> {
    const arrival = this.refusals.now();
    checkBounds(login, password);
    if (audience === undefined) throw invalidField('audience', 'say which portal signs in: client or admin.');

    const record = await this.people.findByLogin(login);
    const right = await this.passwords.matches(password, record?.passwordHash);
    const person = admittedPerson(record);
    if (!right || person === undefined) {
      await this.refusals.since(arrival);
      throw new ChatError('unauthenticated', 'INVALID_CREDENTIALS', 'The login or the password is not right.');
    }
    if (!admits(audience, person.role)) {
      await this.refusals.since(arrival);
      throw new ChatError('permission-denied', 'WRONG_PORTAL', 'This portal is not for you. Sign in at the other one.');
    }

    await this.personSeen(person);
    const sessionId = newSessionId();
    const refreshToken = this.refreshTokens.first(sessionId);
    const refreshHash = this.refreshTokens.hashOf(refreshToken);
    await this.sessions.begin({ id: sessionId, person, audience, refreshHash, userAgent });
    const access = await this.accessTokens.issue({ person, sessionId, generation: 0, audience });
    return { person, audience, access, refreshToken };
  }
}

function checkBounds(login: string, password: string): void {
  const characters = Array.from(login.slice(0, 1_024)).length;
  if (characters < 1 || characters > 255) throw invalidField('login', 'a login has 1 to 255 characters.');
  const bytes = Buffer.byteLength(password);
  if (bytes < 1 || bytes > 1_024) throw invalidField('password', 'a password has 1 to 1,024 bytes.');
}
