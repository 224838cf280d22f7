import { LRUCache } from 'lru-cache';
import { ChatError } from '../chat-error.js';
import type { AccessTokens } from './access-token.js';
import type { Caller } from './caller.js';
import type { EndedSessions } from './ended-sessions.js';
import type { Sessions } from './sessions.port.js';

/** Generations of sessions remembered as seen. */
const REMEMBERED = 50_000;

/**
 * Who an access token speaks for. The first sight of a session's generation asks the database, which also closes the
 * refresh token before it; after that a call costs no statement, and a session that ended elsewhere is known within 5 s.
 */
export class VerifyAccess {
  private readonly seen = new LRUCache<string, Promise<'live' | 'ended' | 'behind'>>({ max: REMEMBERED });

  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: Sessions,
    private readonly ended: EndedSessions,
  ) {}

  /** Throws TOKEN_INVALID, TOKEN_EXPIRED or SESSION_ENDED. */
  async run(token: string): Promise<Caller> {
    const caller = await this.accessTokens.verify(token);
    if (!this.ended.has(caller.sessionId)) {
      if ((await this.stateOf(caller)) !== 'ended') return caller;
      this.ended.add(caller.sessionId);
    }
    throw new ChatError('unauthenticated', 'SESSION_ENDED', 'Your session has ended. Sign in again.');
  }

  private stateOf({ sessionId, generation }: Caller): Promise<'live' | 'ended' | 'behind'> {
    const key = `${generation} ${sessionId}`;
    const known = this.seen.get(key);
    if (known !== undefined) return known;
    const state = this.sessions.accessSeen(sessionId, generation);
    this.seen.set(key, state);
    // What is not settled is asked again by the next call.
    const forget = (): void => void this.seen.delete(key);
    state.then((settled) => settled === 'behind' && forget(), forget);
    return state;
  }
}
