import type { Failure, HistoryLine } from '../history.js';
import { Findings } from './finding.js';
import type { Figures, Part } from './part.js';

/** What a fault may still be felt for when it is over, in milliseconds: tries under way, backoffs, silent lines. */
const AFTERMATH_MS = 25_000;

/** What the contract lets the service refuse, by method, with or without a fault; support's only where a client never may. */
const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['CASE_TAKEN', 'CASE_ASSIGNED'],
  ClaimCase: ['CASE_TAKEN', 'CASE_CHANGED', 'CASE_CLOSED'],
  TransferCase: ['CASE_TAKEN', 'CASE_CHANGED', 'CASE_CLOSED', 'CASE_WAITING'],
  ReleaseCase: ['CASE_TAKEN', 'CASE_CHANGED', 'CASE_CLOSED', 'CASE_ASSIGNED'],
  CloseCase: ['CASE_TAKEN', 'CASE_CHANGED', 'CASE_CLOSED', 'CASE_ASSIGNED', 'UNSEEN_MESSAGE'],
};
/** A token's life is over sooner for a clock that is ahead: refresh. */
const ALWAYS: readonly string[] = ['TOKEN_EXPIRED'];
/** What the service may say while something is broken, by its code. */
const UNDER_A_FAULT: Readonly<Record<string, readonly string[]>> = {
  Unavailable: [
    '',
    'NOT_COMMITTED_IN_TIME',
    'DATABASE_UNAVAILABLE',
    'PLATFORM_UNAVAILABLE',
    'OVERLOADED',
    'GOING_AWAY',
    'WATCH_BROKEN',
  ],
  ResourceExhausted: ['RESYNC', 'THROTTLED'],
  DeadlineExceeded: [''],
  Canceled: [''],
};

interface Try {
  readonly at: number;
  readonly who: string;
  readonly side: 'client' | 'support';
  readonly method: string;
}

/**
 * Failures: the service refuses only what the contract says, is unavailable only while something is broken or has just
 * been, and never answers a status of which the contract knows nothing.
 */
export class FailuresPart implements Part {
  private readonly findings = new Findings('failures');
  private readonly tries = new Map<number, Try>();
  private readonly streams = new Map<number, Try>();
  private readonly failed: { asked: Try; at: number; failure: Failure }[] = [];
  private readonly faults = new Map<number, { readonly from: number; to: number }>();
  private readonly endedLate: { replica: string; number: number; at: number }[] = [];

  line(line: HistoryLine): void {
    switch (line.kind) {
      case 'try':
        this.tries.set(line.id, line);
        return;
      case 'stream':
        this.streams.set(line.stream, { at: line.at, who: line.who, side: 'support', method: 'Watch' });
        return;
      case 'answer': {
        const asked = this.tries.get(line.id);
        this.tries.delete(line.id);
        if (asked !== undefined) this.keep(asked, line);
        return;
      }
      case 'ended': {
        const opened = this.streams.get(line.stream);
        this.streams.delete(line.stream);
        // A stream breaks when it breaks, however long it has been open.
        if (opened !== undefined) this.keep({ ...opened, at: line.at }, line);
        return;
      }
      case 'fault': {
        const fault = this.faults.get(line.number);
        if (fault === undefined) this.faults.set(line.number, { from: line.at, to: Number.POSITIVE_INFINITY });
        else fault.to = line.at + AFTERMATH_MS;
        return;
      }
      case 'ended late':
        this.endedLate.push(line);
        return;
      case 'signed out':
        this.findings.add('unexpected', `${line.who} was signed out (${line.reason}) at ${seconds(line.at)}`);
        return;
      case 'logged':
        this.findings.add('unexpected', `replica ${line.replica} logged ${line.text}`);
        return;
      default:
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    for (const { asked, at, failure } of this.failed) {
      if (this.isAllowed(asked, at, failure)) continue;
      const { code, reason, from, text } = failure;
      const words = `${code} ${reason || '(no reason)'} from the ${from}: ${text}`;
      this.findings.add('unexpected', `${asked.who}, ${asked.method} at ${seconds(at)}: ${words}`);
    }
    for (const { replica, number, at } of this.endedLate) {
      // With the database or the broker away its last writes take longer than whoever asked it is patient.
      const asked = this.faults.get(number)?.from ?? at;
      const others = [...this.faults].filter(([other]) => other !== number).map(([, fault]) => fault);
      if (others.some(({ from, to }) => from <= at && to >= asked)) continue;
      this.findings.add('unexpected', `replica ${replica} was asked to end at ${seconds(asked)} and had to be killed`);
    }
    return { figures: { area: 'failures', attempted: this.failed.length }, findings: this.findings.all };
  }

  private keep(asked: Try, { at, failure }: { at: number; failure?: Failure }): void {
    if (failure !== undefined) this.failed.push({ asked, at, failure });
  }

  private isAllowed({ at: from, side, method }: Try, to: number, failure: Failure): boolean {
    // Given up by its own caller.
    if (failure.from === 'way' && failure.code === 'Canceled') return true;
    if (side === 'support' && (REFUSALS[method] ?? []).includes(failure.reason)) return true;
    if (ALWAYS.includes(failure.reason)) return true;
    const isKnown = failure.from === 'way' || (UNDER_A_FAULT[failure.code] ?? []).includes(failure.reason);
    return isKnown && [...this.faults.values()].some((fault) => fault.from <= to && fault.to >= from);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
