import { ChatError, invalidField } from '../chat-error.js';
import type { Caller } from './caller.js';
import type { EndedSessions } from './ended-sessions.js';
import type { Sessions } from './sessions.port.js';

const LONGEST_ID = 64;

/** Which of the caller's sessions end: one, or all but the one that asks. */
export type SessionsToEnd = { readonly sessionId: string } | 'all-others';

/** Ends sessions of the caller, at this portal: on this replica at once, on the others within 5 s. Safe to repeat. */
export class EndSession {
  constructor(
    private readonly sessions: Sessions,
    private readonly ended: EndedSessions,
  ) {}

  /** Throws SESSION_NOT_FOUND for a session that is not the caller's, whoever else's it may be. */
  async run(caller: Caller, which: SessionsToEnd | undefined): Promise<void> {
    if (which === undefined) throw invalidField('which', 'name a session, or all others.');
    const owner = { personId: caller.id, audience: caller.audience };
    if (which === 'all-others') {
      for (const id of await this.sessions.endOthers(owner, caller.sessionId)) this.ended.add(id);
      return;
    }
    const { sessionId } = which;
    const isTheirs = sessionId.length <= LONGEST_ID && (await this.sessions.endOwn(owner, sessionId));
    if (!isTheirs) throw new ChatError('not-found', 'SESSION_NOT_FOUND', 'You have no such session. List them again.');
    this.ended.add(sessionId);
  }
}
