import type { Person } from './caller.js';

/**
 * The language in which each person reads, as they chose last in a portal: a BCP 47 tag of at most 35 characters in its
 * canonical form. Methods throw DATABASE_UNAVAILABLE when the database does not answer; trying again is safe.
 */
export abstract class Languages {
  /** Undefined for who never chose, and for who never was here. */
  abstract languageOf(personId: string): Promise<string | undefined>;
  /** Stores the choice, and the person's login and name as last seen. The last choice stands. */
  abstract keep(person: Person, language: string): Promise<void>;
}
