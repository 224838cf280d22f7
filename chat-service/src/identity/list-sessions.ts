import type { Caller } from './caller.js';
import type { OwnSession, Sessions } from './sessions.port.js';

/** The caller's sessions of this portal, the one used last first. */
export class ListSessions {
  constructor(private readonly sessions: Sessions) {}

  run({ id, audience }: Caller): Promise<OwnSession[]> {
    return this.sessions.listOwn({ personId: id, audience });
  }
}
