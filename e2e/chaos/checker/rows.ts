import type { HistoryLine, RowState } from '../history.js';
import { Findings } from './finding.js';
import type { Figures, Part } from './part.js';

interface Mark {
  readonly side: 'client' | 'support';
  readonly conversation: string;
  readonly delivered: number;
}

/**
 * Rows: on one stream versions never go back; one version is one state, whoever tells it; with the version no cursor
 * goes back or passes the head; what was marked and answered is marked; in the end all hold the snapshot, and did so without
 * the broker after a few heartbeats.
 */
export class RowsPart implements Part {
  private readonly findings = new Findings('rows');
  private readonly owners = new Map<number, string>();
  private readonly versions = new Map<string, number>();
  private readonly states = new Map<string, Map<number, RowState>>();
  private readonly marks = new Map<number, Mark>();
  /** By side and conversation the furthest mark that was answered OK. */
  private readonly marked = new Map<string, Mark>();
  private readonly held: { who: string; conversation: string; version: number; digest: string }[] = [];
  private readonly snapshots = new Map<string, RowState>();
  private rows = 0;

  line(line: HistoryLine): void {
    switch (line.kind) {
      case 'stream':
        this.owners.set(line.stream, line.who);
        return;
      case 'row': {
        this.rows += 1;
        const key = `${line.stream} ${line.conversation}`;
        const before = this.versions.get(key) ?? 0;
        const who = this.owners.get(line.stream) ?? '?';
        if (line.version < before) {
          const text = `${who}, stream ${line.stream}: version ${line.version} of ${line.conversation} after ${before}`;
          this.findings.add('out of order', text);
        }
        this.versions.set(key, line.version);
        this.learn(line, who);
        return;
      }
      case 'try':
        if (line.method !== 'MarkProgress' || line.conversation === undefined) return;
        this.marks.set(line.id, {
          side: line.side,
          conversation: line.conversation,
          delivered: Math.max(line.delivered ?? 0, line.read ?? 0),
        });
        return;
      case 'answer': {
        const mark = this.marks.get(line.id);
        if (mark === undefined) return;
        this.marks.delete(line.id);
        const key = `${mark.side} ${mark.conversation}`;
        const furthest = this.marked.get(key)?.delivered ?? 0;
        if (line.failure === undefined && mark.delivered > furthest) this.marked.set(key, mark);
        return;
      }
      case 'not healed':
        this.findings.add('lost', `without the broker, long after a heartbeat: not right: ${line.text}`);
        return;
      case 'held':
        this.held.push(line);
        return;
      case 'snapshot': {
        this.learn(line, `replica ${line.replica}`);
        const known = this.snapshots.get(line.conversation);
        if (known !== undefined && known.digest !== line.digest) {
          this.findings.add('unexpected', `two replicas answer differently for ${line.conversation}`);
        }
        this.snapshots.set(line.conversation, line);
        return;
      }
      default:
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    for (const [conversation, states] of this.states) this.judgeCursors(conversation, [...states.values()]);
    for (const { who, conversation, version, digest } of this.held) {
      const snapshot = this.snapshots.get(conversation);
      if (snapshot === undefined || snapshot.digest === digest) continue;
      const text = `${who} holds version ${version} of ${conversation}, and the snapshot is ${snapshot.version}`;
      this.findings.add('lost', text);
    }
    for (const { side, conversation, delivered } of this.marked.values()) {
      const snapshot = this.snapshots.get(conversation);
      if (snapshot === undefined || snapshot[side][0] >= Math.min(delivered, snapshot.lastSeq)) continue;
      const text = `${side} marked ${conversation} delivered up to ${delivered}, and it stands at ${snapshot[side][0]}`;
      this.findings.add('lost', text);
    }
    return { figures: { area: 'rows', attempted: this.rows }, findings: this.findings.all };
  }

  private learn(state: RowState, source: string): void {
    const { conversation, version, digest } = state;
    const states = this.states.get(conversation) ?? new Map<number, RowState>();
    this.states.set(conversation, states);
    const known = states.get(version);
    if (known === undefined) states.set(version, state);
    else if (known.digest !== digest) {
      this.findings.add('unexpected', `${source} has another row for version ${version} of ${conversation}`);
    }
  }

  private judgeCursors(conversation: string, states: RowState[]): void {
    states.sort((one, other) => one.version - other.version);
    let before: RowState | undefined;
    for (const state of states) {
      const { version, lastSeq } = state;
      for (const side of ['client', 'support'] as const) {
        const [delivered, read] = state[side];
        const [deliveredBefore, readBefore] = before?.[side] ?? [0, 0];
        if (delivered < deliveredBefore || read < readBefore) {
          const text = `${side}'s cursors of ${conversation} go back to ${delivered} and ${read} with version ${version}`;
          this.findings.add('out of order', text);
        }
        if (delivered > lastSeq || read > delivered) {
          const text = `${side}'s cursors of ${conversation} are ${delivered} and ${read} of ${lastSeq} in version ${version}`;
          this.findings.add('unexpected', text);
        }
      }
      if (lastSeq < (before?.lastSeq ?? 0)) {
        this.findings.add(
          'out of order',
          `the head of ${conversation} goes back to ${lastSeq} with version ${version}`,
        );
      }
      before = state;
    }
  }
}
