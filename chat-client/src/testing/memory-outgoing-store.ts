import type { OutgoingMessage } from '../outgoing/outgoing-message.js';
import type { OutgoingStore } from '../outgoing/outgoing-store.js';

/** What a device keeps for all tabs; it answers in a later turn, as a database does, and refuses on order. */
export class MemoryOutgoingStore implements OutgoingStore {
  readonly kept = new Map<string, OutgoingMessage>();
  /** From now on calls of these methods are refused. */
  readonly refuses = new Set<keyof OutgoingStore>();
  private readonly holds = new Map<keyof OutgoingStore, Promise<void>>();

  load(personId: string): Promise<readonly OutgoingMessage[]> {
    return this.run('load', () => [...this.kept.values()].filter((message) => message.personId === personId));
  }

  put(message: OutgoingMessage): Promise<void> {
    return this.run('put', () => void this.kept.set(message.requestId, structuredClone(message)));
  }

  remove(requestId: string): Promise<void> {
    return this.run('remove', () => void this.kept.delete(requestId));
  }

  forget(personId: string): Promise<void> {
    return this.run('forget', () => {
      for (const message of this.kept.values()) if (message.personId === personId) this.kept.delete(message.requestId);
    });
  }

  /** Calls of this method have their effect, and their answers wait until the returned function is called. */
  hold(method: keyof OutgoingStore): () => void {
    let release: () => void = () => undefined;
    this.holds.set(method, new Promise((resolve) => (release = resolve)));
    return () => {
      this.holds.delete(method);
      release();
    };
  }

  private async run<T>(method: keyof OutgoingStore, work: () => T): Promise<T> {
    if (this.refuses.has(method)) throw new Error(`Refused: ${method}.`);
    const outcome = work();
    await this.holds.get(method);
    await Promise.resolve();
    return outcome;
  }
}
