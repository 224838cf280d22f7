import { ChatError } from '../chat-error.js';
import type { AccessTokens } from './access-token.js';
import { admits } from './audience.js';
import type { Audience } from './caller.js';
import type { EndedSessions } from './ended-sessions.js';
import type { People } from './people.port.js';
import { admittedPerson } from './person-record.js';
import type { RefreshTokens } from './refresh-token.js';
import { isYoung, type Sessions } from './sessions.port.js';
import type { SignedIn } from './sign-in.js';

/** A refresh token for its successor and a new access token, as long as the platform still admits the person. */
export class Refresh {
  constructor(
    private readonly people: People,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly ended: EndedSessions,
  ) {}

  /**
   * `portal` is the portal whose edge the request came through: it refuses the other portal's sessions. Throws
   * SESSION_ENDED when the person must sign in again, and TOKEN_EXPIRED for a copy of an answered request that comes
   * late; every other failure leaves the token as good as it was.
   */
  async run(refreshToken: string | undefined, portal: Audience | undefined): Promise<SignedIn> {
    if (refreshToken === undefined) {
      throw new ChatError('unauthenticated', 'TOKEN_MISSING', 'There is no session here. Sign in.');
    }
    const read = this.refreshTokens.read(refreshToken);
    if (read === undefined) {
      throw new ChatError('unauthenticated', 'TOKEN_INVALID', 'The refresh token is not one of ours. Sign in again.');
    }
    const session = await this.sessions.find(read.sessionId);
    if (session === undefined && isYoung(read.sessionId)) throw notYetHere();
    if (session === undefined || session === 'ended') throw this.over(read.sessionId);
    const { personId, audience } = session;
    if (portal !== undefined && portal !== audience) {
      throw new ChatError('unauthenticated', 'TOKEN_INVALID', 'This session is for the other portal. Sign in here.');
    }

    const person = admittedPerson(await this.people.findById(personId));
    if (person === undefined || !admits(audience, person.role)) {
      await this.sessions.end(read.sessionId, 'not-admitted');
      throw this.over(read.sessionId);
    }
    const successor = this.refreshTokens.successorOf(refreshToken);
    const generation = await this.sessions.rotate({
      sessionId: read.sessionId,
      person,
      presentedHash: read.hash,
      successorHash: this.refreshTokens.hashOf(successor),
    });
    if (generation === undefined) throw this.over(read.sessionId);
    if (generation === 'late') {
      throw new ChatError('unauthenticated', 'TOKEN_EXPIRED', 'This refresh token has a successor in use. Use that.');
    }
    const access = await this.accessTokens.issue({ person, sessionId: read.sessionId, generation, audience });
    return { person, audience, access, refreshToken: successor };
  }

  private over(sessionId: string): ChatError {
    this.ended.add(sessionId);
    return new ChatError('unauthenticated', 'SESSION_ENDED', 'Your session has ended. Sign in again.');
  }
}

/** The seal proves that the session was begun, so the database that was asked lags: no reason to end anything. */
function notYetHere(): ChatError {
  const text = 'The session cannot be read yet. Try again.';
  return new ChatError('unavailable', 'DATABASE_UNAVAILABLE', text, { retryAfterMs: 500 });
}
