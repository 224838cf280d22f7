import type { FaultKind } from './schedule.js';

/**
 * What a run leaves behind, one line of JSON each, in the order in which it happened; the checker needs nothing else.
 * `at` is milliseconds of the monotonic clock since the run began. `who` is one participant; `replica` where it called.
 */
export type HistoryLine = { readonly at: number } & (
  | RunLine
  | FaultLine
  | TryLine
  | AnswerLine
  | StreamLine
  | EntryLine
  | RowLine
  | ResetLine
  | EndedLine
  | ToldLine
  | AnnouncedLine
  | SignedOutLine
  | NotHealedLine
  | EndedLateLine
  | FinalLine
);

export interface RunLine {
  readonly kind: 'run';
  readonly seed: number;
  readonly minutes: number;
  readonly sends: number;
  readonly replicas: number;
  readonly isCluster: boolean;
}

export interface FaultLine {
  readonly kind: 'fault';
  readonly number: number;
  readonly fault: FaultKind;
  readonly target: string;
  readonly phase: 'begins' | 'is over';
}

/** A call of one method, as it left for a replica. */
export interface TryLine {
  readonly kind: 'try';
  readonly id: number;
  readonly who: string;
  readonly person: string;
  readonly side: 'client' | 'support';
  readonly replica: string;
  readonly method: string;
  readonly conversation?: string;
  /** The request id. */
  readonly request?: string;
  /** Of a case change: the case and the revision that the page showed. */
  readonly caseId?: string;
  readonly revision?: number;
  /** Of MarkProgress. */
  readonly delivered?: number;
  readonly read?: number;
}

/** What came of a try: OK, or a failure. */
export interface AnswerLine {
  readonly kind: 'answer';
  readonly id: number;
  /** OK: the entry's seq, where the answer has an entry. */
  readonly seq?: number;
  /** OK of a case change: the case as it left it. */
  readonly revision?: number;
  readonly failure?: Failure;
}

export interface Failure {
  /** The gRPC code's name. */
  readonly code: string;
  /** The service's reason; empty when it gave none. */
  readonly reason: string;
  /** Whether a status came from the service, or the connection failed on the way. */
  readonly from: 'service' | 'way';
  readonly text: string;
}

/** A Watch was opened. */
export interface StreamLine {
  readonly kind: 'stream';
  readonly stream: number;
  readonly who: string;
  readonly replica: string;
  readonly cursors: Readonly<Record<string, number>>;
}

export interface EntryLine {
  readonly kind: 'entry';
  readonly stream: number;
  readonly conversation: string;
  readonly seq: number;
  /** See `whatOf`: the same for the same entry, wherever it was read. */
  readonly what: string;
}

/** What a row says, as far as it is checked; `digest` stands for all of it. */
export interface RowState {
  readonly conversation: string;
  readonly version: number;
  readonly digest: string;
  readonly lastSeq: number;
  /** delivered, read */
  readonly client: readonly [number, number];
  readonly support: readonly [number, number];
}

export interface RowLine extends RowState {
  readonly kind: 'row';
  readonly stream: number;
}

export interface ResetLine {
  readonly kind: 'reset';
  readonly stream: number;
  readonly conversation: string;
  readonly reason: string;
  readonly afterSeq: number;
}

export interface EndedLine {
  readonly kind: 'ended';
  readonly stream: number;
  /** Undefined: without a failure, or by its reader. */
  readonly failure?: Failure;
}

/** What the SDK told its listener: an entry, or a reset to after `seq`. */
export interface ToldLine {
  readonly kind: 'told';
  readonly who: string;
  readonly conversation: string;
  readonly seq: number;
  readonly reset?: true;
}

/** An announcement arrived. */
export interface AnnouncedLine {
  readonly kind: 'announced';
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

/** A participant's session ended, and nobody had asked for it. */
export interface SignedOutLine {
  readonly kind: 'signed out';
  readonly who: string;
  readonly reason: string;
}

/** A replica that was asked to end had to be killed. */
export interface EndedLateLine {
  readonly kind: 'ended late';
  readonly replica: string;
  /** Of the fault that asked it to. */
  readonly number: number;
}

/** Ten heartbeats after the last change, with the broker away, somebody did not hold what the database holds. */
export interface NotHealedLine {
  readonly kind: 'not healed';
  readonly text: string;
}

/** What there is when everything is quiet again. */
export type FinalLine =
  /** The log, read from the database. */
  | {
      readonly kind: 'log';
      readonly conversation: string;
      readonly seq: number;
      readonly entry: string;
      readonly person: string;
      readonly request: string;
      readonly what: string;
      readonly text?: string;
      readonly caseId?: string;
      readonly revision?: number;
      readonly status?: string;
    }
  /** All entries as one node of the database has them; `digest` stands for them. */
  | { readonly kind: 'node'; readonly node: string; readonly entries: number; readonly digest: string }
  /** A case, read from the database. */
  | {
      readonly kind: 'case';
      readonly conversation: string;
      readonly caseId: string;
      readonly revision: number;
      readonly status: string;
    }
  /** What GetConversation answers at one replica. */
  | ({ readonly kind: 'snapshot'; readonly replica: string } & RowState)
  /** What a participant who was there to the end holds of a conversation; a version of 0: no row. */
  | {
      readonly kind: 'held';
      readonly who: string;
      readonly conversation: string;
      readonly lastSeq: number;
      readonly version: number;
      readonly digest: string;
    }
  /** An inbox as its page holds it, and as ListConversations answers: versions by conversation. */
  | {
      readonly kind: 'inbox';
      readonly who: string;
      readonly held: Readonly<Record<string, number>>;
      readonly listed: Readonly<Record<string, number>>;
    }
  /** Rows left in the outbox, and sends that were given up without an answer. */
  | { readonly kind: 'left'; readonly outbox: number; readonly unanswered: number }
  /** A line of a replica's log that an operator would have to act on. */
  | { readonly kind: 'logged'; readonly replica: string; readonly text: string };
