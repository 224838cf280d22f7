import { randomUUID } from 'node:crypto';
import type { Audience, Person } from './caller.js';

/** A session ends when nobody has refreshed it for so long, in days. */
export const SESSION_IDLE_DAYS = 30;
/** A session ends so long after its sign-in, however busy, in days. */
export const SESSION_LONGEST_DAYS = 90;

/**
 * For so long after the move to its successor, in seconds, a refresh token that comes once more may be a copy of an
 * answered request: of a line that stalled, or of a replica that stood still while its caller went to another.
 */
export const LATE_SECONDS = 60;
/** How long a session counts as young after its sign-in, in milliseconds: more than any node lags, and clocks differ. */
const YOUNG = 2 * 60_000;

/** The id of a new session tells when it was made, so that a database that does not show it yet is known to lag. */
export function newSessionId(now = Date.now()): string {
  return `${now.toString(36)}-${randomUUID()}`;
}

/** Whether a session's id was made so lately that a lagging node may not show the session yet. */
export function isYoung(sessionId: string, now = Date.now()): boolean {
  const [made = ''] = sessionId.split('-');
  return Math.abs(now - parseInt(made, 36)) < YOUNG;
}

/** So many sessions are listed at most. */
export const MOST_LISTED = 100;

export type EndReason = 'signed-out' | 'ended-by-owner' | 'reuse' | 'not-admitted';

export interface NewSession {
  readonly id: string;
  readonly person: Person;
  readonly audience: Audience;
  /** SHA-256 of its refresh token, in hex. */
  readonly refreshHash: string;
  /** What the browser calls itself, at most 255 characters. */
  readonly userAgent: string;
}

/** Whose sessions: a person's, of one portal. */
export interface SessionOwner {
  readonly personId: string;
  readonly audience: Audience;
}

/** A session as its owner sees it. Times are microseconds since 1970 UTC, by the database's clock. */
export interface OwnSession {
  readonly id: string;
  readonly createdAt: number;
  /** When it was last refreshed, or made. */
  readonly usedAt: number;
  readonly userAgent: string;
}

export interface Rotation {
  readonly sessionId: string;
  /** As the platform has them now; their login and name are kept for the time when the platform forgets them. */
  readonly person: Person;
  /** The token that came. */
  readonly presentedHash: string;
  readonly successorHash: string;
}

/**
 * The sessions of all replicas. What happens to one session happens one after the other, on whichever replica; ages
 * are counted in database time. A session that has ended never lives again.
 *
 * A refresh token is good while it is the session's current one, or while it is the one before and neither its
 * successor nor an access token given with that successor has been seen by any replica. Methods throw
 * DATABASE_UNAVAILABLE when the database does not answer; trying again is safe.
 */
export abstract class Sessions {
  /** Stores a session of generation 0, and the person's login and name as last seen. */
  abstract begin(session: NewSession): Promise<void>;
  /** Undefined when there is none of this id, or the database read here does not show it yet (a lagging node). */
  abstract find(sessionId: string): Promise<SessionOwner | 'ended' | undefined>;
  /**
   * Moves the session to the successor, or finds it moved there already: any number of tries, also at once, give one
   * move and one answer, the successor's generation. The token before, no longer good but within LATE_SECONDS of the
   * move, is `late` and changes nothing. Any other token of the session ends it (`reuse`); then, as for a session that
   * has ended, the answer is undefined.
   */
  abstract rotate(rotation: Rotation): Promise<number | 'late' | undefined>;
  /**
   * An access token of this generation was seen: the time of the refresh token before is over. `behind` means that the
   * database read here does not yet show what the token proves (a lagging node): it counts as live, ask again later.
   */
  abstract accessSeen(sessionId: string, generation: number): Promise<'live' | 'ended' | 'behind'>;
  /** Ends the session; the first reason stays. */
  abstract end(sessionId: string, reason: EndReason): Promise<void>;
  /** Those that have neither ended nor run out, the one used last first, at most MOST_LISTED. */
  abstract listOwn(owner: SessionOwner): Promise<OwnSession[]>;
  /** Ends the owner's session of this id, if it has not ended yet. Answers whether they have or had one. */
  abstract endOwn(owner: SessionOwner, sessionId: string): Promise<boolean>;
  /** Ends all sessions of the owner but this one. Answers the ids of those that it ended. */
  abstract endOthers(owner: SessionOwner, butId: string): Promise<string[]>;
  /** Ids of all sessions that were ended during the last so many seconds. */
  abstract endedWithin(seconds: number): Promise<string[]>;
}
