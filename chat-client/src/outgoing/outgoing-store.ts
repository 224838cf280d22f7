import type { OutgoingMessage } from './outgoing-message.js';

/**
 * Keeps the outgoing messages of one portal on this device, for all tabs and through their end. Calls take effect in the
 * order in which they are made, also across tabs: a `load` sees every write that was called before it. Each rejects
 * where the device refuses (private mode, no room, data of a newer version) or does not answer; whether it had its effect
 * is then not known.
 */
export interface OutgoingStore {
  /** Of that person, in no particular order; what cannot be read is left out, and stays. */
  load(personId: string): Promise<readonly OutgoingMessage[]>;
  /** In place of the one of the same request id. */
  put(message: OutgoingMessage): Promise<void>;
  remove(requestId: string): Promise<void>;
  /** All of that person's. */
  forget(personId: string): Promise<void>;
}
