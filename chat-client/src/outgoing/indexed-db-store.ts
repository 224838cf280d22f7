import { readMessage, type OutgoingMessage } from './outgoing-message.js';
import type { OutgoingStore } from './outgoing-store.js';

/** The parts of IndexedDB that the queue needs. https://w3c.github.io/IndexedDB/ */
export interface DatabaseFactory {
  open(name: string, version: number): OpenRequest;
}
interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  addEventListener(type: 'success' | 'error', listener: () => void): void;
}
interface OpenRequest {
  readonly result: Database;
  readonly error: unknown;
  addEventListener(type: 'success' | 'error' | 'upgradeneeded', listener: () => void): void;
}
interface Database {
  createObjectStore(
    name: string,
    options: { keyPath: string },
  ): { createIndex(name: string, keyPath: string): unknown };
  transaction(name: string, mode: 'readonly' | 'readwrite'): Transaction;
  close(): void;
  addEventListener(type: 'versionchange' | 'close', listener: () => void): void;
}
interface Transaction {
  readonly error: unknown;
  objectStore(name: string): ObjectStore;
  commit(): void;
  addEventListener(type: 'complete' | 'abort', listener: () => void): void;
}
interface ObjectStore {
  put(value: OutgoingMessage): unknown;
  delete(key: string): unknown;
  index(name: string): { getAll(key: string): Request<unknown[]>; getAllKeys(key: string): Request<unknown[]> };
}

/** Of what is kept: raise it with a change of OutgoingMessage, and bring over in `upgrade` what is there. */
const VERSION = 1;
const MESSAGES = 'messages';
const BY_PERSON = 'by-person';

/** A database that hangs, for example behind one that cannot be closed, counts as refused after this, in milliseconds. */
const PATIENCE_MS = 5_000;

/** In the browser's IndexedDB, one database per portal. */
export class IndexedDbStore implements OutgoingStore {
  private opening: Promise<Database> | undefined;

  /** `portal` tells apart the portals of one origin. */
  constructor(
    private readonly factory: DatabaseFactory,
    private readonly portal: string,
  ) {}

  async load(personId: string): Promise<readonly OutgoingMessage[]> {
    let found: Request<unknown[]> | undefined;
    await this.run('readonly', (messages) => (found = messages.index(BY_PERSON).getAll(personId)));
    return (found?.result ?? []).flatMap((kept) => readMessage(kept) ?? []);
  }

  put(message: OutgoingMessage): Promise<void> {
    return this.run('readwrite', (messages, transaction) => {
      messages.put(message);
      // Without it the browser waits for this page, which may be about to close.
      transaction.commit();
    });
  }

  remove(requestId: string): Promise<void> {
    return this.run('readwrite', (messages) => messages.delete(requestId));
  }

  forget(personId: string): Promise<void> {
    return this.run('readwrite', (messages) => {
      const keys = messages.index(BY_PERSON).getAllKeys(personId);
      keys.addEventListener('success', () => {
        for (const key of keys.result) if (typeof key === 'string') messages.delete(key);
      });
    });
  }

  /** Resolves once the transaction is complete. */
  private async run(
    mode: 'readonly' | 'readwrite',
    work: (messages: ObjectStore, transaction: Transaction) => void,
  ): Promise<void> {
    this.opening ??= this.open();
    const opening = this.opening;
    const done = opening.then(
      (database) =>
        new Promise<void>((resolve, reject) => {
          const transaction = database.transaction(MESSAGES, mode);
          transaction.addEventListener('complete', () => resolve());
          transaction.addEventListener('abort', () => reject(refused(transaction.error)));
          work(transaction.objectStore(MESSAGES), transaction);
        }),
    );
    try {
      await withPatience(done);
    } catch (failure) {
      // The next call opens it anew: what was refused once may be possible later.
      if (this.opening === opening) this.closed();
      opening.then((database) => database.close()).catch(() => undefined);
      throw failure;
    }
  }

  private open(): Promise<Database> {
    return new Promise((resolve, reject) => {
      const request = this.factory.open(`energy-chat/${this.portal}/outgoing`, VERSION);
      request.addEventListener('upgradeneeded', () => upgrade(request.result));
      request.addEventListener('error', () => reject(refused(request.error)));
      request.addEventListener('success', () => {
        const { result } = request;
        // A page of a newer version waits for this one to let go.
        result.addEventListener('versionchange', () => {
          result.close();
          this.closed();
        });
        result.addEventListener('close', () => this.closed());
        resolve(result);
      });
    });
  }

  private closed(): void {
    this.opening = undefined;
  }
}

function upgrade(database: Database): void {
  database.createObjectStore(MESSAGES, { keyPath: 'requestId' }).createIndex(BY_PERSON, 'personId');
}

function withPatience(work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The database does not answer.')), PATIENCE_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function refused(error: unknown): Error {
  return error instanceof Error ? error : new Error('The database refused.');
}
