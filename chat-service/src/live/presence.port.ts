import type { Role } from '../identity/caller.js';

/** Somebody with their role. */
export interface PresentPerson {
  readonly personId: string;
  readonly role: Role;
}

/** Whether an administrator answers clients. */
export type Availability = 'available' | 'away';

/**
 * Who holds a watch, over all replicas, and which administrators answer clients, by database time.
 *
 * What was written counts for two heartbeats after it was written or renewed, so the rows of a replica that died fade, and
 * so does the word of a page that says nothing more. Every method may be repeated, and takes one statement however many
 * persons it is given; `renew` takes another to forget.
 */
export abstract class PresenceStore {
  abstract arrive(persons: readonly PresentPerson[]): Promise<void>;
  abstract leave(personIds: readonly string[]): Promise<void>;
  /** Renews all that this replica holds, writing again what was lost, and forgets rows of any replica long faded. */
  abstract renew(persons: readonly PresentPerson[]): Promise<void>;
  /** Those of `personIds` who hold a watch anywhere. */
  abstract online(personIds: readonly string[]): Promise<Set<string>>;
  /** True when any administrator who holds one is available. */
  abstract anyAvailable(): Promise<boolean>;
  /**
   * What an administrator says of themselves; null: as they said last, or available. Answers what stands, and whether it
   * is news.
   */
  abstract declare(
    personId: string,
    availability: Availability | null,
  ): Promise<{ readonly availability: Availability; readonly isNews: boolean }>;
  /** Forgets all that this replica holds. */
  abstract forgetReplica(): Promise<void>;
}
