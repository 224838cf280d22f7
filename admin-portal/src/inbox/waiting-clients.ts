import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { CaseStatus } from '@energy-chat/contract/case_pb.js';
import type { Conversation } from '@energy-chat/contract/conversation_pb.js';
import { compareTimes } from './inbox-order.js';

/** A row that is told so long after its case began to wait, by the service's own times, is no news, in milliseconds. */
const FRESH_MS = 5_000;
/** Rows of different conversations may be told out of order, by so much, in milliseconds. */
const DISORDER_MS = 10_000;

/**
 * Tells clients who begin to wait from those who have been waiting all along; by the service's times alone, so that the
 * device's clock does not matter. Each beginning is new once.
 */
export class WaitingClients {
  /** By conversation: the case and revision that was new last. */
  private readonly told = new Map<string, string>();
  /** The latest time in any row. */
  private latest: Timestamp | undefined;
  /** The latest time when rows were missed: what began to wait later is news. */
  private missedAfter: Timestamp | undefined;

  /** From here on a loaded page may hold rows that nobody told. */
  missed(): void {
    this.missedAfter = this.latest;
  }

  /** Of a row that is news itself: `told` by the watch as it changed, or `loaded` with a page. `before`: as it was known. */
  isNew(row: Conversation, before: Conversation | undefined, source: 'told' | 'loaded'): boolean {
    const { openCase, lastEntryTime, id } = row;
    const since = openCase?.waitingTime;
    const isFresh =
      source === 'told'
        ? isWithin(FRESH_MS, since, lastEntryTime) && isWithin(DISORDER_MS, since, this.latest ?? since)
        : this.isAfterMissed(since);
    if (compareTimes(lastEntryTime, this.latest) > 0) this.latest = lastEntryTime;
    if (openCase?.status !== CaseStatus.WAITING || !isFresh) return false;
    const isKnown = before?.openCase?.id === openCase.id && before.openCase.revision === openCase.revision;
    const beginning = `${openCase.id} ${openCase.revision}`;
    if (isKnown || this.told.get(id) === beginning) return false;
    this.told.set(id, beginning);
    return true;
  }

  private isAfterMissed(since: Timestamp | undefined): boolean {
    return this.missedAfter !== undefined && compareTimes(since, this.missedAfter) > 0;
  }
}

function isWithin(ms: number, since: Timestamp | undefined, until: Timestamp | undefined): boolean {
  return since !== undefined && until !== undefined && timestampMs(until) - timestampMs(since) <= ms;
}
