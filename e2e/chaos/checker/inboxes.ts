import type { HistoryLine } from '../history.js';
import { Findings } from './finding.js';
import type { Figures, Part } from './part.js';

/** Inboxes: in the end each page shows the rows that ListConversations answers, each in the same version. */
export class InboxesPart implements Part {
  private readonly findings = new Findings('inboxes');
  private rows = 0;

  line(line: HistoryLine): void {
    if (line.kind !== 'inbox') return;
    const { who, held, listed } = line;
    for (const conversation of new Set([...Object.keys(held), ...Object.keys(listed)])) {
      this.rows += 1;
      const [shown, right] = [held[conversation], listed[conversation]];
      if (shown === right) continue;
      const text = `${who} shows ${conversation} ${inWords(shown)}, and the list has it ${inWords(right)}`;
      this.findings.add(shown !== undefined && right === undefined ? 'unexpected' : 'lost', text);
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    return { figures: { area: 'inboxes', attempted: this.rows }, findings: this.findings.all };
  }
}

function inWords(version: number | undefined): string {
  return version === undefined ? 'not at all' : `in version ${version}`;
}
