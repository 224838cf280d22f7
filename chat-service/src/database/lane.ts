import { setTimeout as wait } from 'node:timers/promises';
import { ChatError } from '../chat-error.js';
import { FairQueue } from './fair-queue.js';

/** How a lane runs what it has gathered. */
export interface LaneWork<Request, Result> {
  /** Runs requests in one transaction and answers each one's end, in order; throws when nothing of it was committed. */
  run(requests: readonly Request[]): Promise<Ended<Result>[]>;
  /** What must not be split when a batch runs again in parts, and waits in a queue of its own. */
  groupOf(request: Request): string;
  /** How much of `mostBytes` a request takes. */
  bytesOf(request: Request): number;
  /** True for what may wait behind the others. */
  isBackground(request: Request): boolean;
  /** True when running again is the cure. */
  isTransient(error: unknown): boolean;
}

export type Ended<Result> = { readonly result: Result } | { readonly refusal: unknown };

export interface LaneLimits {
  readonly mostRequests: number;
  /** How many of them may be background, which then have as many kept for them. */
  readonly mostBackground: number;
  readonly mostBytes: number;
  /** How many may wait; more are told to come back. */
  readonly longestQueue: number;
  /** How many of one group may wait. */
  readonly longestOfGroup: number;
  /** When a request that is not committed is told so, in milliseconds. */
  readonly patience: number;
  /** A try that is lost after this many milliseconds was held up by one of its groups: the next goes group by group. */
  readonly heldUp: number;
}

export const laneLimits: LaneLimits = {
  mostRequests: 256,
  mostBackground: 32,
  mostBytes: 1024 * 1024,
  longestQueue: 10_000,
  longestOfGroup: 1_000,
  patience: 7_000,
  heldUp: 1_000,
};

interface Item<Request, Result> {
  readonly request: Request;
  readonly deadline: number;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * Group commit: one transaction at a time, for all that gathered while the last one ran.
 *
 * Invariants: a request alone waits for nobody. Groups take turns: a batch takes one of each that waits, then the next of
 * each, in order within a group. Background takes the last places of a batch, few but never none. A request ends once:
 * with its result after the commit, with its refusal, or with UNAVAILABLE once its patience is over, whatever the
 * database does. A transaction that was lost runs again, all of it, then in halves down to one group at a time; at once
 * one group at a time when it was held up. Each part runs once a round: a group that is held up does not use up the
 * patience of the others. A request that fails for a reason of its own fails alone.
 */
export class Lane<Request, Result> {
  private readonly queue = new FairQueue<Item<Request, Result>>();
  private readonly background = new FairQueue<Item<Request, Result>>();
  private inFlight: Item<Request, Result>[] = [];
  private running: Promise<void> | undefined;
  private readonly sweep: NodeJS.Timeout;

  constructor(
    private readonly work: LaneWork<Request, Result>,
    private readonly limits: LaneLimits = laneLimits,
  ) {
    this.sweep = setInterval(() => this.endAllOverdue(), Math.min(250, limits.patience / 4)).unref();
  }

  run(request: Request): Promise<Result> {
    const group = this.work.groupOf(request);
    const queue = this.work.isBackground(request) ? this.background : this.queue;
    if (queue.size >= this.limits.longestQueue || queue.sizeOf(group) >= this.limits.longestOfGroup) {
      return Promise.reject(unavailable('The chat is overloaded. Nothing was written; try again shortly.'));
    }
    return new Promise((resolve, reject) => {
      queue.add(group, { request, deadline: performance.now() + this.limits.patience, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Ends when all that was given has ended; nothing may be given after. */
  async close(): Promise<void> {
    await this.running;
    clearInterval(this.sweep);
  }

  private async drain(): Promise<void> {
    while (this.queue.size + this.background.size > 0) {
      this.inFlight = this.takeBatch();
      await this.commit(this.inFlight);
      this.inFlight = [];
    }
    // At once: a request that comes before this promise has told its end must not wait for somebody else's.
    this.running = undefined;
  }

  private takeBatch(): Item<Request, Result>[] {
    const { mostRequests, mostBackground } = this.limits;
    const batch: Item<Request, Result>[] = [];
    const kept = Math.min(this.background.size, mostBackground);
    const bytes = this.fill(batch, this.queue, mostRequests - kept, 0);
    this.fill(batch, this.background, Math.min(batch.length + mostBackground, mostRequests), bytes);
    return batch;
  }

  /** Takes from `queue` until the batch holds `most` requests or is full; answers its bytes. */
  private fill(
    batch: Item<Request, Result>[],
    queue: FairQueue<Item<Request, Result>>,
    most: number,
    bytes: number,
  ): number {
    let total = bytes;
    while (batch.length < most) {
      const next = queue.peek();
      if (next === undefined) break;
      total += this.work.bytesOf(next.request);
      if (batch.length > 0 && total > this.limits.mostBytes) break;
      batch.push(next);
      queue.take();
    }
    return total;
  }

  private async commit(batch: Item<Request, Result>[]): Promise<void> {
    let parts = [batch];
    let unsplit = 0;
    for (let round = 1; ; round += 1) {
      const lost: Item<Request, Result>[][] = [];
      for (const part of parts) lost.push(...(await this.tryOnce(part, round)));
      if (lost.length === 0) return;
      // Smaller parts are a new try; the same again gives whoever was quicker more and more time.
      unsplit = lost.length > parts.length ? 1 : unsplit + 1;
      parts = lost;
      await wait(Math.min(20 * 2 ** Math.min(unsplit, 5), 500) * (0.5 + Math.random() / 2));
    }
  }

  /** Answers what is left to be tried again, in smaller parts where that can help. */
  private async tryOnce(part: Item<Request, Result>[], round: number): Promise<Item<Request, Result>[][]> {
    const start = performance.now();
    const waiting = endOverdue(part, start);
    if (waiting.length === 0) return [];
    try {
      const ended = await this.work.run(waiting.map(({ request }) => request));
      waiting.forEach((item, index) => settle(item, ended[index]));
      return [];
    } catch (error) {
      const groups = this.groupsOf(waiting);
      if (this.work.isTransient(error)) {
        if (performance.now() - start >= this.limits.heldUp) return groups;
        return round === 1 ? [waiting] : inHalves(groups);
      }
      if (groups.length > 1) return groups;
      if (waiting.length > 1) return waiting.map((item) => [item]);
      waiting[0]?.reject(error);
      return [];
    }
  }

  private groupsOf(items: Item<Request, Result>[]): Item<Request, Result>[][] {
    return [...Map.groupBy(items, ({ request }) => this.work.groupOf(request)).values()];
  }

  /** For what waits behind a transaction that does not end. */
  private endAllOverdue(): void {
    const now = performance.now();
    endOverdue(this.inFlight, now);
    for (const queue of [this.queue, this.background]) queue.keep((items) => endOverdue(items, now));
  }
}

/** Usually few of the groups are in conflict: what is not is committed together all the same. */
function inHalves<Item>(groups: Item[][]): Item[][] {
  const half = Math.ceil(groups.length / 2);
  return [groups.slice(0, half), groups.slice(half)].map((part) => part.flat()).filter((part) => part.length > 0);
}

/** Tells the overdue so and answers the others. */
function endOverdue<Request, Result>(items: Item<Request, Result>[], now: number): Item<Request, Result>[] {
  return items.filter((item) => {
    if (item.deadline > now) return true;
    item.reject(timedOut());
    return false;
  });
}

function settle<Request, Result>(item: Item<Request, Result>, ended: Ended<Result> | undefined): void {
  if (ended === undefined) item.reject(new Error('A batch answered fewer requests than it was given'));
  else if ('result' in ended) item.resolve(ended.result);
  else item.reject(ended.refusal);
}

function unavailable(text: string): ChatError {
  return new ChatError('unavailable', 'OVERLOADED', text, { retryAfterMs: 1_000 });
}

function timedOut(): ChatError {
  return new ChatError(
    'unavailable',
    'NOT_COMMITTED_IN_TIME',
    'The database is not answering. Try the same request again: its request id keeps it from happening twice.',
    { retryAfterMs: 1_000 },
  );
}
