import type { Assignee, Micros } from './entry.js';

export type Topic = 'bill' | 'reading' | 'outage' | 'other';
export type CaseStatus = 'waiting' | 'assigned' | 'closed';

/** A case as entries and answers show it: as a change left it. */
export interface CaseView {
  readonly id: string;
  /** 1, 2, 3 … in its conversation. */
  readonly number: number;
  readonly topic: Topic;
  readonly status: CaseStatus;
  /** Set while assigned. */
  readonly assignee: Assignee | null;
  /** Moves only with status, assignee and topic, never with messages. */
  readonly revision: number;
  readonly openedAt: Micros;
  /** Since when it is nobody's; set while waiting. */
  readonly waitingSince: Micros | null;
}

/** The open case as the conversation's row carries it. */
export interface OpenCase extends CaseView {
  readonly status: 'waiting' | 'assigned';
  /** True once support has written in this case. */
  readonly answered: boolean;
}

/** The client's word on a closed case. */
export interface Rating {
  /** 1 (bad) to 5 (good). */
  readonly stars: number;
  readonly comment: string;
}

/** A case as the log keeps it, open or closed. */
export interface KeptCase {
  readonly view: CaseView;
  readonly rating: Rating | null;
}

/** What a change does to a row of `support_case`; beside the view, what is null leaves what the row has. */
export interface CaseChange {
  readonly opened: boolean;
  readonly view: CaseView;
  readonly firstAssignedAt: Micros | null;
  readonly firstAnsweredAt: Micros | null;
  readonly closedAt: Micros | null;
  readonly closedBy: string | null;
  readonly closeReason: string | null;
  readonly rating: Rating | null;
}
