import { ChatError } from '../chat-error.js';
import type { Caller } from '../identity/caller.js';
import type { People } from '../identity/people.port.js';

/** The longest login, in characters. */
export const LONGEST_LOGIN = 255;

/** The first chat's clients say who they are; here the access token does, so what they say may only be the same. */
export class OwnName {
  constructor(private readonly people: People) {}

  /**
   * Takes no name, and the caller's login as the platform's collation compares. NOT_YOUR_NAME for any other, with the
   * `field` that held it.
   */
  async check(caller: Caller, field: string, name: string): Promise<void> {
    if (name === '' || name === caller.login) return;
    const named = name.length > LONGEST_LOGIN ? undefined : await this.people.findByLogin(name);
    if (named?.id === caller.id) return;
    throw new ChatError(
      'permission-denied',
      'NOT_YOUR_NAME',
      `You are signed in as ${caller.login}: leave ${field} empty, or send that.`,
      { facts: { field } },
    );
  }
}
