/** What the chat promises never happens; each finding breaks a run. */
export const DEFECTS = ['lost', 'doubled', 'out of order', 'unexpected'] as const;
export type Defect = (typeof DEFECTS)[number];

export const AREAS = ['sends', 'case changes', 'entries', 'rows', 'inboxes', 'announcements', 'failures'] as const;
export type Area = (typeof AREAS)[number];

export interface Finding {
  readonly area: Area;
  readonly defect: Defect;
  /** Names the things, so that a person finds them in the history. */
  readonly text: string;
}

/** Gathers what the parts of the checker find. */
export class Findings {
  readonly all: Finding[] = [];

  constructor(private readonly area: Area) {}

  add(defect: Defect, text: string): void {
    this.all.push({ area: this.area, defect, text });
  }
}
