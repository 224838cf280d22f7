import type { EntryLine, HistoryLine, StreamLine } from '../history.js';
import { Findings } from './finding.js';
import type { Figures, Part } from './part.js';

interface Stream {
  readonly who: string;
  /** The last seq of each conversation on this stream. */
  readonly cursors: Map<string, number>;
}

type NodeLine = Extract<HistoryLine, { kind: 'node' }>;

/**
 * Deliveries: every stream goes on one by one from its cursors, all say the same of one seq and what the log says, the
 * SDK tells its page each entry once, whoever was there to the end has heard all up to the head, and all nodes of the
 * database have the same.
 */
export class EntriesPart implements Part {
  private readonly findings = new Findings('entries');
  private readonly streams = new Map<number, Stream>();
  /** By who and conversation: up to where they have heard, over all their streams. */
  private readonly heard = new Map<string, number>();
  /** The same as the SDK told it. */
  private readonly told = new Map<string, number>();
  private readonly what = new Map<string, string>();
  private readonly heads = new Map<string, number>();
  private readonly held: { who: string; conversation: string; lastSeq: number }[] = [];
  private firstNode: NodeLine | undefined;
  private deliveries = 0;

  line(line: HistoryLine): void {
    switch (line.kind) {
      case 'stream':
        this.opened(line);
        return;
      case 'entry':
        this.delivered(line);
        return;
      case 'reset': {
        const stream = this.streams.get(line.stream);
        if (stream === undefined) return;
        if (line.reason !== 'TOO_FAR_BEHIND') {
          this.findings.add('unexpected', `${stream.who}: ${line.conversation} was reset (${line.reason})`);
        }
        stream.cursors.set(line.conversation, line.afterSeq);
        this.moveTo(stream.who, line.conversation, line.afterSeq);
        return;
      }
      case 'told':
        this.wasTold(line);
        return;
      case 'log':
        this.compare(line.conversation, line.seq, line.what, 'the log');
        if (line.seq !== this.headOf(line.conversation) + 1) {
          const text = `the log of ${line.conversation} has seq ${line.seq} after ${this.headOf(line.conversation)}`;
          this.findings.add('out of order', text);
        }
        this.heads.set(line.conversation, line.seq);
        return;
      case 'node':
        this.firstNode ??= line;
        if (line.digest !== this.firstNode.digest) {
          const [one, other] = [this.firstNode, line].map(({ node, entries }) => `${entries} entries at ${node}`);
          this.findings.add('unexpected', `the nodes differ: ${one}, ${other}`);
        }
        return;
      case 'held':
        this.held.push(line);
        return;
      default:
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    for (const { who, conversation, lastSeq } of this.held) {
      const head = this.headOf(conversation);
      const heard = this.heard.get(keyOf(who, conversation)) ?? 0;
      if (heard < head) {
        this.findings.add('lost', `${who} has heard ${conversation} up to ${heard}, and the log goes up to ${head}`);
      } else if (lastSeq !== head) {
        this.findings.add('lost', `${who} shows ${conversation} up to ${lastSeq}, and the log goes up to ${head}`);
      }
      const told = this.told.get(keyOf(who, conversation));
      if (told !== undefined && told < head) {
        this.findings.add('lost', `${who} was told ${conversation} up to ${told}, and the log goes up to ${head}`);
      }
    }
    return { figures: { area: 'entries', attempted: this.deliveries }, findings: this.findings.all };
  }

  private opened({ stream, who, cursors }: StreamLine): void {
    this.streams.set(stream, { who, cursors: new Map(Object.entries(cursors)) });
    for (const [conversation, afterSeq] of Object.entries(cursors)) {
      const key = keyOf(who, conversation);
      if (!this.heard.has(key)) this.heard.set(key, afterSeq);
    }
  }

  private delivered({ stream: id, conversation, seq, what }: EntryLine): void {
    this.deliveries += 1;
    const stream = this.streams.get(id);
    const cursor = stream?.cursors.get(conversation);
    if (stream === undefined || cursor === undefined) {
      this.findings.add('unexpected', `stream ${id} told of ${conversation}, which it was not asked for`);
      return;
    }
    if (seq !== cursor + 1) {
      const defect = seq === cursor ? 'doubled' : 'out of order';
      this.findings.add(defect, `${stream.who}, stream ${id}: seq ${seq} of ${conversation} after ${cursor}`);
    }
    stream.cursors.set(conversation, seq);
    this.moveTo(stream.who, conversation, seq);
    this.compare(conversation, seq, what, stream.who);
  }

  private wasTold(line: { who: string; conversation: string; seq: number; reset?: true }): void {
    const { who, conversation, seq, reset } = line;
    const key = keyOf(who, conversation);
    const before = this.told.get(key);
    if (before !== undefined && reset !== true && seq !== before + 1) {
      const defect = seq === before ? 'doubled' : 'out of order';
      this.findings.add(defect, `${who} was told seq ${seq} of ${conversation} after ${before}`);
    }
    this.told.set(key, seq);
  }

  private moveTo(who: string, conversation: string, seq: number): void {
    const key = keyOf(who, conversation);
    this.heard.set(key, Math.max(this.heard.get(key) ?? 0, seq));
  }

  private compare(conversation: string, seq: number, what: string, source: string): void {
    const key = `${conversation}/${seq}`;
    const known = this.what.get(key);
    if (known === undefined) this.what.set(key, what);
    else if (known !== what) {
      this.findings.add('unexpected', `${key} is "${what}" to ${source}, and was "${known}" to another`);
    }
  }

  private headOf(conversation: string): number {
    return this.heads.get(conversation) ?? 0;
  }
}

function keyOf(who: string, conversation: string): string {
  return `${who} ${conversation}`;
}
