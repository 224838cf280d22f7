import { CommitListener, type CommittedChange } from './commit-listener.port.js';

/** Tells every listener of every commit, in the order in which they were added. */
export class CommitBroadcast extends CommitListener {
  private readonly listeners: CommitListener['committed'][] = [];

  add(listener: CommitListener['committed']): void {
    this.listeners.push(listener);
  }

  override committed(changes: readonly CommittedChange[]): void {
    for (const listener of this.listeners) listener(changes);
  }
}
