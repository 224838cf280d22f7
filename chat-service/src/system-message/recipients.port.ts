import type { Person } from '../identity/caller.js';
import type { Recipient } from './system-event.js';

/**
 * Clients by the platform's names for them. Nobody, an administrator, or somebody who may not use the chat is
 * `undefined`. Throws PLATFORM_UNAVAILABLE when the platform's database cannot answer.
 */
export abstract class Recipients {
  abstract find(recipient: Recipient): Promise<Pick<Person, 'id' | 'login' | 'displayName'> | undefined>;
}
