import type { Person } from '@energy-chat/contract/person_pb.js';

/** An access token with what is left of its life, in milliseconds. */
export interface SharedAccess {
  readonly token: string;
  readonly lifeMs: number;
  readonly me: Person;
}

export interface SiblingListener {
  /** Another session got this access token, by signing in or by a refresh. */
  accessGiven(access: SharedAccess): void;
  /** Somebody signs this person out in another session; whether that works is not known yet. */
  signingOut(personId: string): void;
  /** It worked. */
  signedOut(personId: string): void;
  /** The service told another session of this person that it is over; this one should ask for itself. */
  doubted(personId: string): void;
  /** The access token in use, for a session that needs one; undefined: none. */
  asked(): SharedAccess | undefined;
}

/**
 * The sessions that share one refresh token: in a browser those of all tabs of a portal. What one learns the others hear
 * in the order in which it happened, and never from before they listened. Nothing is kept.
 */
export interface SessionSiblings {
  giveAccess(access: SharedAccess): void;
  signingOut(personId: string): void;
  signedOut(personId: string): void;
  doubt(personId: string): void;
  /** The access token of the sibling that answers first. Undefined when none answers at once. */
  ask(): Promise<SharedAccess | undefined>;
  /** Answers the way to stop listening. */
  listen(listener: SiblingListener): () => void;
}
