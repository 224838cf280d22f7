import type { Role } from '../identity/caller.js';

/** Somebody with their role. */
export interface PresentPerson {
  readonly personId: string;
  readonly role: Role;
}

/**
 * Who holds a watch, over all replicas, by database time.
 *
 * A row counts for two heartbeats after it was written or renewed, so the rows of a replica that died fade. Every method
 * may be repeated, and takes one statement however many persons it is given; `renew` takes another to forget.
 */
export abstract class PresenceStore {
  abstract arrive(persons: readonly PresentPerson[]): Promise<void>;
  abstract leave(personIds: readonly string[]): Promise<void>;
  /** Renews all that this replica holds, writing again what was lost, and forgets rows of any replica long faded. */
  abstract renew(persons: readonly PresentPerson[]): Promise<void>;
  /** Those of `personIds` who hold a watch anywhere. */
  abstract online(personIds: readonly string[]): Promise<Set<string>>;
  /** True when any administrator holds one. */
  abstract anyAdmin(): Promise<boolean>;
  /** Forgets all that this replica holds. */
  abstract forgetReplica(): Promise<void>;
}
