/** What a program put into the exchange for system messages, undecoded. */
export interface IncomingEvent {
  readonly contentType: string;
  /** Of the message; CloudEvents in binary mode have their attributes here. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Whether it was delivered before. */
  readonly redelivered: boolean;
}

/** An event that cannot be written, or the part of it that cannot, and why. */
export interface DeadLetter {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** A reason of the contract, or UNREADABLE or TOO_LARGE. */
  readonly reason: string;
  /** What a person can do about it. */
  readonly text: string;
}

/** What became of an event: done with, or a dead letter. */
export type Verdict = 'done' | DeadLetter;

/**
 * The way in for system messages.
 *
 * `handle` is called for every event at least once, for several at a time. Its answer ends the event: only then it is
 * taken from the queue, a dead letter only once the broker has confirmed that it keeps it. When `handle` throws, the
 * trouble is ours: the event stays, and is handled again after a pause that grows from 1 s to 30 s, on this replica or
 * another, as the same object on this one; it is never put back in front of others in a spin. `bury` keeps a dead letter
 * of our own making, and throws when the broker does not confirm that a queue has it. `close` takes no more and lets what
 * is being handled end.
 */
export abstract class IncomingEvents {
  /** Dead letters kept, since the start. */
  abstract readonly buried: number;
  abstract listen(handle: (event: IncomingEvent) => Promise<Verdict>): void;
  abstract bury(letter: DeadLetter): Promise<void>;
  abstract close(): Promise<void>;
}
