import type { AnswerLine, HistoryLine, TryLine } from '../history.js';
import { type Area, Findings } from './finding.js';
import type { Figures, Part } from './part.js';

/** All tries of one request id by one person in one conversation. */
interface Request {
  readonly name: string;
  readonly method: string;
  readonly conversation: string;
  readonly firstTryAt: number;
  failedTries: number;
  /** Of the first OK. */
  acknowledgedAt: number | undefined;
  /** A try failed before the first OK. */
  recovered: boolean;
  /** The entry's seq; undefined: a change that held already. */
  seq: number | undefined;
  refusedAs: string | undefined;
}

/** Failures after which nobody knows whether the request had its effect. */
const UNKNOWN_OUTCOME = new Set(['Unavailable', 'DeadlineExceeded', 'ResourceExhausted', 'Canceled']);

/**
 * Requests that add to a conversation: what was acknowledged is in the log, once, where the answer said, and after what
 * was acknowledged before it began; what was refused is not in the log; every answer to one request id is the same.
 */
export class RequestsPart implements Part {
  private readonly findings: Findings;
  private readonly requests = new Map<string, Request>();
  private readonly tries = new Map<number, Request>();
  private readonly logged = new Map<string, { readonly seq: number; times: number }>();
  private readonly texts = new Map<string, number>();

  constructor(
    private readonly area: Extract<Area, 'sends' | 'case changes'>,
    private readonly methods: ReadonlySet<string>,
  ) {
    this.findings = new Findings(area);
  }

  line(line: HistoryLine): void {
    if (line.kind === 'try') this.tried(line);
    else if (line.kind === 'answer') this.answered(line);
    else if (line.kind === 'left' && this.area === 'sends' && line.unanswered > 0) {
      this.findings.add('unexpected', `${line.unanswered} sends had no answer long after everything was mended`);
    } else if (line.kind === 'log') {
      if (line.request !== '') {
        const name = nameOf(line.conversation, line.person, line.request);
        const seen = this.logged.get(name);
        if (seen === undefined) this.logged.set(name, { seq: line.seq, times: 1 });
        else seen.times += 1;
      }
      if (line.text !== undefined) this.texts.set(line.text, (this.texts.get(line.text) ?? 0) + 1);
    }
  }

  finish(): { figures: Figures; findings: Findings['all'] } {
    const requests = [...this.requests.values()];
    for (const request of requests) this.judge(request);
    if (this.area === 'sends') {
      for (const [text, times] of this.texts) {
        if (times > 1) this.findings.add('doubled', `the text "${text}" is ${times} times in the log`);
      }
    }
    for (const ofOne of Map.groupBy(requests, ({ conversation }) => conversation).values()) this.judgeOrder(ofOne);
    const acknowledged = requests.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined);
    const recovered = acknowledged.filter((request) => request.recovered);
    return {
      figures: {
        area: this.area,
        attempted: requests.length,
        acknowledged: acknowledged.length,
        recovered: recovered.length,
      },
      findings: this.findings.all,
    };
  }

  private tried({ id, at, method, conversation, person, request }: TryLine & { at: number }): void {
    if (!this.methods.has(method) || request === undefined || conversation === undefined) return;
    const name = nameOf(conversation, person, request);
    const known = this.requests.get(name) ?? {
      name,
      method,
      conversation,
      firstTryAt: at,
      failedTries: 0,
      acknowledgedAt: undefined,
      recovered: false,
      seq: undefined,
      refusedAs: undefined,
    };
    this.requests.set(name, known);
    this.tries.set(id, known);
  }

  private answered({ id, at, seq, failure }: AnswerLine & { at: number }): void {
    const request = this.tries.get(id);
    if (request === undefined) return;
    this.tries.delete(id);
    if (failure !== undefined) {
      request.failedTries += 1;
      if (failure.from === 'service' && !UNKNOWN_OUTCOME.has(failure.code)) request.refusedAs = failure.reason;
      return;
    }
    if (request.acknowledgedAt === undefined) {
      request.acknowledgedAt = at;
      request.recovered = request.failedTries > 0;
      request.seq = seq;
    } else if (seq !== request.seq && this.area === 'sends') {
      this.findings.add('doubled', `${request.name} was answered with seq ${request.seq} and with seq ${seq}`);
    }
  }

  private judge({ name, acknowledgedAt, seq, refusedAs }: Request): void {
    const logged = this.logged.get(name);
    if (logged !== undefined && logged.times > 1) {
      this.findings.add('doubled', `${name} is ${logged.times} times in the log`);
    }
    if (acknowledgedAt === undefined) {
      if (refusedAs !== undefined && logged !== undefined) {
        this.findings.add('unexpected', `${name} was refused (${refusedAs}) and is in the log at ${logged.seq}`);
      }
      return;
    }
    if (seq === undefined) return;
    if (logged === undefined) this.findings.add('lost', `${name} was acknowledged at ${seq} and is not in the log`);
    else if (logged.seq !== seq) {
      this.findings.add('unexpected', `${name} was acknowledged at ${seq} and is in the log at ${logged.seq}`);
    }
  }

  /** Who has an answer before another begins stands before it. */
  private judgeOrder(requests: readonly Request[]): void {
    const answers = requests.flatMap(({ name, seq, acknowledgedAt: at }) =>
      seq === undefined || at === undefined ? [] : [{ name, seq, at }],
    );
    answers.sort((one, other) => one.at - other.at);
    const begun = requests.toSorted((one, other) => one.firstTryAt - other.firstTryAt);
    let next = 0;
    let highest: { name: string; seq: number } | undefined;
    for (const { name, seq, firstTryAt } of begun) {
      for (let answer = answers[next]; answer !== undefined && answer.at < firstTryAt; answer = answers[next]) {
        if (highest === undefined || answer.seq > highest.seq) highest = answer;
        next += 1;
      }
      if (seq === undefined || highest === undefined || seq > highest.seq) continue;
      this.findings.add('out of order', `${name} has seq ${seq}, but began after ${highest.name} had ${highest.seq}`);
    }
  }
}

function nameOf(conversation: string, person: string, request: string): string {
  return `request ${request} of ${person} in ${conversation}`;
}
