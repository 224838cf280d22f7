import type { HistoryLine } from '../history.js';
import { Findings } from './finding.js';
import { type Figures, type Part } from './part.js';
import { RequestsPart } from './requests.js';

export const CASE_CHANGES: ReadonlySet<string> = new Set([
  'OpenCase',
  'ClaimCase',
  'TransferCase',
  'ReleaseCase',
  'CloseCase',
]);

interface Step {
  readonly seq: number;
  readonly entry: string;
  readonly revision: number;
  readonly status: string;
}

/** What a case may be before an entry of a kind. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  case_opened: [],
  case_assigned: ['waiting'],
  case_transferred: ['assigned'],
  case_released: ['assigned'],
  case_closed: ['waiting', 'assigned'],
};

/**
 * Case changes: the revisions of each case are one chain without a fork or a hole, through states that may follow each
 * other; of all who changed one revision at most one was told OK with an entry; one case at a time is open in a
 * conversation; the case as stored is the end of its chain.
 */
export class CasesPart implements Part {
  private readonly findings = new Findings('case changes');
  private readonly requests = new RequestsPart('case changes', CASE_CHANGES);
  private readonly steps = new Map<string, Step[]>();
  private readonly open = new Map<string, string>();
  private readonly tries = new Map<number, { who: string; request: string; caseId: string; revision: number }>();
  private readonly winners = new Map<string, { who: string; request: string }>();
  private readonly stored: { caseId: string; revision: number; status: string }[] = [];

  line(line: HistoryLine): void {
    this.requests.line(line);
    if (line.kind === 'try' && CASE_CHANGES.has(line.method)) {
      const { id, person, request = '', caseId, revision } = line;
      if (caseId !== undefined && revision !== undefined)
        this.tries.set(id, { who: person, request, caseId, revision });
    } else if (line.kind === 'answer') this.answered(line.id, line.failure === undefined && line.seq !== undefined);
    else if (line.kind === 'case') this.stored.push(line);
    else if (line.kind === 'log' && line.caseId !== undefined && line.revision !== undefined) {
      const { conversation, seq, entry, caseId, revision, status = '' } = line;
      this.steps.set(caseId, [...(this.steps.get(caseId) ?? []), { seq, entry, revision, status }]);
      const isOpen = this.open.get(conversation);
      if (entry === 'case_opened' && isOpen !== undefined) {
        this.findings.add('doubled', `${caseId} was opened in ${conversation} while ${isOpen} was open`);
      }
      if (status === 'closed') this.open.delete(conversation);
      else this.open.set(conversation, caseId);
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    for (const [caseId, steps] of this.steps) this.judge(caseId, steps);
    for (const { caseId, revision, status } of this.stored) {
      const last = this.steps.get(caseId)?.at(-1);
      if (last?.revision === revision && last.status === status) continue;
      this.findings.add('lost', `case ${caseId} is ${status} at ${revision}, and its log ends at ${last?.revision}`);
    }
    const { figures, findings } = this.requests.finish();
    return { figures, findings: [...findings, ...this.findings.all] };
  }

  /** The same request may be told so twice; two requests may not. */
  private answered(id: number, changed: boolean): void {
    const asked = this.tries.get(id);
    this.tries.delete(id);
    if (asked === undefined || !changed) return;
    const key = `revision ${asked.revision} of case ${asked.caseId}`;
    const winner = this.winners.get(key) ?? asked;
    this.winners.set(key, winner);
    if (winner.request !== asked.request) {
      this.findings.add('doubled', `${winner.who} and ${asked.who} were both told that they changed ${key}`);
    }
  }

  private judge(caseId: string, steps: readonly Step[]): void {
    let before: Step | undefined;
    for (const step of steps) {
      const follows = before === undefined ? step.entry === 'case_opened' : this.mayFollow(before, step);
      if (!follows || step.revision !== (before?.revision ?? 0) + 1) {
        const text = `case ${caseId}: ${step.entry} to revision ${step.revision} follows ${before?.entry ?? 'nothing'} (${before?.revision ?? 0})`;
        this.findings.add(step.revision === before?.revision ? 'doubled' : 'out of order', text);
      }
      before = step;
    }
  }

  private mayFollow(before: Step, step: Step): boolean {
    return BEFORE[step.entry]?.includes(before.status) ?? false;
  }
}
