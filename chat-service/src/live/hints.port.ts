import type { Side } from '../conversation/entry.js';

/** What replicas tell each other. Never a body: hints may travel over a broker that others read. */
export type Hint =
  | { readonly kind: 'changed'; readonly conversationId: string; readonly version: number; readonly seq: number }
  | {
      readonly kind: 'typing';
      readonly conversationId: string;
      readonly side: Side;
      readonly personId: string;
      readonly displayName: string;
      /** How long to show it from its arrival, in milliseconds; 0: stopped. A duration, since clocks differ. */
      readonly forMs: number;
    }
  /** Somebody opened their first or closed their last watch on a replica, or an administrator's availability changed. */
  | { readonly kind: 'presence'; readonly personId: string };

/**
 * Hints between replicas.
 *
 * `publish` never blocks and never fails: while the bus is away hints are lost, and the heartbeat heals what they would
 * have told. Hints of one publisher arrive in order if they arrive; they may be lost, repeated and late. A publisher
 * does not hear its own hints. `listen` is called once per replica, before anything is published; it returns at once,
 * and hints begin when the bus is reached. After `close` nothing arrives any more.
 */
export abstract class Hints {
  /** Hints that could not be told, since the start. */
  abstract readonly lost: number;
  abstract publish(hint: Hint): void;
  abstract listen(receive: (hint: Hint) => void): void;
  abstract close(): Promise<void>;
}
