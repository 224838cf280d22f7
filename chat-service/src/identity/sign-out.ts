import type { Caller } from './caller.js';
import type { EndedSessions } from './ended-sessions.js';
import type { Sessions } from './sessions.port.js';

/** Ends the caller's session: on this replica at once, on the others within 5 s. */
export class SignOut {
  constructor(
    private readonly sessions: Sessions,
    private readonly ended: EndedSessions,
  ) {}

  async run({ sessionId }: Caller): Promise<void> {
    await this.sessions.end(sessionId, 'signed-out');
    this.ended.add(sessionId);
  }
}
