import type { Failure, HistoryLine, RowState, TryLine } from '../history.js';
import type { Finding } from './finding.js';
import { Checker } from './check.js';

type Unstamped<Line> = Line extends HistoryLine ? Omit<Line, 'at'> : never;
/** A line of a history; its time is its place. */
export type Planted = Unstamped<HistoryLine>;

const OPENED = { caseId: 'k1', revision: 1, status: 'waiting' };
const ASSIGNED = { caseId: 'k1', revision: 2, status: 'assigned' };
const CLOSED = { caseId: 'k1', revision: 3, status: 'closed' };
const OPENED_AGAIN = { caseId: 'k2', revision: 1, status: 'waiting' };

export function logged(seq: number, entry: string, person: string, request: string, more: object): Planted {
  return { kind: 'log', conversation: 'c', seq, entry, person, request, what: `what ${seq}`, ...more };
}

/** A client and an administrator, one case opened, assigned and closed, and the next opened. */
const LOG: readonly Planted[] = [
  logged(1, 'case_opened', '4', '', OPENED),
  logged(2, 'message', '4', 'r1', { text: 'client #1' }),
  logged(3, 'case_assigned', '1', 'a1', ASSIGNED),
  logged(4, 'message', '1', 'r2', { text: 'admin #1' }),
  logged(5, 'case_closed', '1', 'a2', CLOSED),
  logged(6, 'case_opened', '4', '', OPENED_AGAIN),
  logged(7, 'message', '4', 'r3', { text: 'client #2' }),
];

export const CLIENT = { who: 'client', person: '4', side: 'client', replica: 'one' } as const;
export const ADMIN = { who: 'admin', person: '1', side: 'support', replica: 'two' } as const;
const RIVAL = { ...ADMIN, who: 'rival', person: '2' };
type By = Pick<TryLine, 'who' | 'person' | 'side' | 'replica'>;

export function asked(id: number, by: By, method: string, request: string, more: object = {}): Planted {
  return { kind: 'try', id, ...by, method, conversation: 'c', request, ...more };
}

export function ok(id: number, seq: number): Planted {
  return { kind: 'answer', id, seq };
}

export function refused(id: number, code: string, reason: string, from: Failure['from'] = 'service'): Planted {
  return { kind: 'answer', id, failure: { code, reason, from, text: '' } };
}

export function delivered(stream: number, seq: number): Planted {
  return { kind: 'entry', stream, conversation: 'c', seq, what: `what ${seq}` };
}

export function told(seq: number): Planted {
  return { kind: 'told', who: 'client', conversation: 'c', seq };
}

export function state(version: number, lastSeq: number, client: RowState['client']): RowState {
  return { conversation: 'c', version, digest: `digest ${version}`, lastSeq, client, support: [0, 0] };
}

export function row(stream: number, version: number, lastSeq: number, client: RowState['client']): Planted {
  return { kind: 'row', stream, ...state(version, lastSeq, client) };
}

export function announced(seq: number, entry: string): Planted {
  const type = `energy.chat.case.${entry.replace('case_', '')}.v1`;
  return { kind: 'announced', id: `c/${seq}/${entry}`, type, subject: 'c' };
}

/** A run in which all promises were kept, also under a fault. */
export function keptPromises(): Planted[] {
  return [
    { kind: 'run', seed: 1, minutes: 1, sends: 3, replicas: 2, isCluster: true },
    { kind: 'stream', stream: 100, who: 'client', replica: 'one', cursors: { c: 0 } },
    { kind: 'fault', number: 1, fault: 'replica killed', target: 'one', phase: 'begins' },
    // The first try is answered by nobody, the second by the other replica.
    asked(1, CLIENT, 'SendMessage', 'r1'),
    refused(1, 'Unavailable', '', 'way'),
    asked(2, CLIENT, 'SendMessage', 'r1'),
    ok(2, 2),
    { kind: 'fault', number: 1, fault: 'replica killed', target: 'one', phase: 'is over' },
    delivered(100, 1),
    told(1),
    delivered(100, 2),
    told(2),
    row(100, 2, 2, [0, 0]),
    asked(3, CLIENT, 'MarkProgress', '', { delivered: 2, read: 1 }),
    { kind: 'answer', id: 3 },
    row(100, 3, 2, [2, 1]),
    asked(4, ADMIN, 'ClaimCase', 'a1', { caseId: 'k1', revision: 1 }),
    asked(5, RIVAL, 'ClaimCase', 'a3', { caseId: 'k1', revision: 1 }),
    ok(4, 3),
    refused(5, 'Aborted', 'CASE_TAKEN'),
    announced(1, 'case_opened'),
    announced(3, 'case_assigned'),
    asked(6, ADMIN, 'SendMessage', 'r2'),
    ok(6, 4),
    // The same request again: the same answer.
    asked(7, ADMIN, 'SendMessage', 'r2'),
    ok(7, 4),
    asked(8, ADMIN, 'CloseCase', 'a2', { caseId: 'k1', revision: 2 }),
    ok(8, 5),
    // The stream breaks, and the next goes on where it was; the old one still tells something.
    { kind: 'stream', stream: 101, who: 'client', replica: 'two', cursors: { c: 2 } },
    delivered(101, 3),
    told(3),
    delivered(100, 3),
    { kind: 'ended', stream: 100, failure: { code: 'Unavailable', reason: 'GOING_AWAY', from: 'service', text: '' } },
    delivered(101, 4),
    told(4),
    delivered(101, 5),
    told(5),
    announced(5, 'case_closed'),
    asked(9, CLIENT, 'SendMessage', 'r3'),
    ok(9, 7),
    delivered(101, 6),
    told(6),
    delivered(101, 7),
    told(7),
    row(101, 9, 7, [2, 1]),
    // At least once.
    announced(1, 'case_opened'),
    announced(6, 'case_opened'),
    ...LOG,
    { kind: 'node', node: 'database one', entries: 7, digest: 'log' },
    { kind: 'node', node: 'database two', entries: 7, digest: 'log' },
    { kind: 'case', conversation: 'c', caseId: 'k1', revision: 3, status: 'closed' },
    { kind: 'case', conversation: 'c', caseId: 'k2', revision: 1, status: 'waiting' },
    { kind: 'snapshot', replica: 'one', ...state(9, 7, [2, 1]) },
    { kind: 'snapshot', replica: 'two', ...state(9, 7, [2, 1]) },
    { kind: 'held', who: 'client', conversation: 'c', lastSeq: 7, version: 9, digest: 'digest 9' },
    { kind: 'inbox', who: 'admin', held: { c: 9 }, listed: { c: 9 } },
    { kind: 'left', outbox: 0, unanswered: 0 },
  ];
}

/** What the checker finds. */
export function findingsIn(history: readonly Planted[]): readonly Finding[] {
  const checker = new Checker();
  for (const [index, line] of history.entries()) checker.line({ at: index * 10, ...line });
  return checker.finish().findings;
}
