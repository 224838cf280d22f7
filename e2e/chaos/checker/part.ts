import type { HistoryLine } from '../history.js';
import type { Area, Finding } from './finding.js';

/** One line of the verdict's table. */
export interface Figures {
  readonly area: Area;
  /** Requests, or things that were looked at. */
  readonly attempted: number;
  readonly acknowledged?: number;
  /** Acknowledged after a try that failed. */
  readonly recovered?: number;
}

/** Looks at one promise: takes the history line by line, and judges when it has heard all. */
export interface Part {
  line(line: HistoryLine): void;
  finish(): { readonly figures: Figures; readonly findings: readonly Finding[] };
}
