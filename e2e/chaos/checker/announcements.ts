import type { HistoryLine } from '../history.js';
import { Findings } from './finding.js';
import type { Figures, Part } from './part.js';

/** As proto/asyncapi.yaml has them. */
const TYPES: Readonly<Record<string, string>> = {
  case_opened: 'energy.chat.case.opened.v1',
  case_assigned: 'energy.chat.case.assigned.v1',
  case_transferred: 'energy.chat.case.transferred.v1',
  case_released: 'energy.chat.case.released.v1',
  case_closed: 'energy.chat.case.closed.v1',
  case_rated: 'energy.chat.case.rated.v1',
};

/**
 * Announcements: each case entry of the log arrives at least once, nothing else does, and of one conversation and type
 * they come first in the order of the log.
 */
export class AnnouncementsPart implements Part {
  private readonly findings = new Findings('announcements');
  private readonly arrived = new Map<string, string>();
  private readonly last = new Map<string, number>();
  private readonly due = new Map<string, string>();

  line(line: HistoryLine): void {
    if (line.kind === 'announced') {
      const { id, type, subject } = line;
      if (this.arrived.has(id)) return;
      this.arrived.set(id, type);
      const key = `${type} of ${subject}`;
      const seq = Number(id.split('/').at(-2));
      const before = this.last.get(key) ?? 0;
      if (seq < before) this.findings.add('out of order', `${key}: ${seq} came first after ${before}`);
      this.last.set(key, Math.max(before, seq));
    } else if (line.kind === 'log') {
      const type = TYPES[line.entry];
      if (type !== undefined) this.due.set(`${line.conversation}/${line.seq}/${line.entry}`, type);
    } else if (line.kind === 'left' && line.outbox > 0) {
      this.findings.add('lost', `${line.outbox} announcements are still in the outbox`);
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    for (const [id, type] of this.due) {
      if (!this.arrived.has(id)) this.findings.add('lost', `${id} was never announced`);
      else if (this.arrived.get(id) !== type) {
        this.findings.add('unexpected', `${id} was announced as ${this.arrived.get(id)}`);
      }
    }
    for (const id of this.arrived.keys()) {
      if (!this.due.has(id)) this.findings.add('unexpected', `${id} was announced and is not in the log`);
    }
    const acknowledged = [...this.due.keys()].filter((id) => this.arrived.has(id)).length;
    return { figures: { area: 'announcements', attempted: this.due.size, acknowledged }, findings: this.findings.all };
  }
}
