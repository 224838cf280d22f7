import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** How a sign-in ended. */
export type SignInOutcome = 'ok' | 'refused' | 'throttled' | 'wrong-portal';

/**
 * What this replica counts, in the words of the service; nobody else knows the library. Names begin with `chat_`, times
 * are seconds. No label holds what a client can make up.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];

  private readonly calls = new Counter({
    name: 'chat_calls_total',
    help: 'gRPC calls that ended, streams too, by method and status code.',
    labelNames: ['method', 'code'],
    registers: this.registers,
  });
  private readonly callSeconds = new Histogram({
    name: 'chat_call_seconds',
    help: 'From the arrival of a unary call to its status.',
    labelNames: ['method'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: this.registers,
  });
  private readonly sends = this.counter('chat_messages_total', 'Messages committed to the log.');
  private readonly entriesPerCommit = new Histogram({
    name: 'chat_commit_entries',
    help: 'Entries that one transaction of a lane wrote.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: this.registers,
  });
  private readonly commitSeconds = new Histogram({
    name: 'chat_commit_seconds',
    help: 'From BEGIN to the end of COMMIT.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3, 7],
    registers: this.registers,
  });
  private readonly watchers = this.gauge('chat_watchers', 'Open Watch streams.');
  private readonly encodings = this.counter(
    'chat_event_encodings_total',
    'Watch events encoded, once for many watchers.',
  );
  private readonly resumes = this.counter('chat_watch_resumes_total', 'Watch streams that began with a cursor.');
  private readonly resets = new Counter({
    name: 'chat_watch_resets_total',
    help: 'Conversations that a watcher was told to reload, by reason.',
    labelNames: ['reason'],
    registers: this.registers,
  });
  private readonly backlog = this.gauge('chat_outbox_backlog', 'Announcements committed and not yet confirmed.');
  private readonly hints = this.counter('chat_hints_dropped_total', 'Hints that could not be published.');
  private readonly signIns = new Counter({
    name: 'chat_sign_ins_total',
    help: 'Sign-ins by outcome.',
    labelNames: ['outcome'],
    registers: this.registers,
  });

  constructor() {
    // Also the delay of the event loop, memory and garbage collection.
    collectDefaultMetrics({ register: this.registry });
  }

  /** `method` is the path of a served method; `seconds` only for unary calls. */
  callEnded(method: string, code: string, seconds: number | undefined): void {
    this.calls.inc({ method, code });
    if (seconds !== undefined) this.callSeconds.observe({ method }, seconds);
  }

  messagesCommitted(count: number): void {
    this.sends.inc(count);
  }

  committed(entries: number, seconds: number): void {
    this.entriesPerCommit.observe(entries);
    this.commitSeconds.observe(seconds);
  }

  watcherOpened(): void {
    this.watchers.inc();
  }

  watcherClosed(): void {
    this.watchers.dec();
  }

  eventEncoded(): void {
    this.encodings.inc();
  }

  watchResumed(): void {
    this.resumes.inc();
  }

  watchReset(reason: 'too-far-behind' | 'beyond-head' | 'below-first' | 'other-epoch'): void {
    this.resets.inc({ reason });
  }

  outboxBacklog(rows: number): void {
    this.backlog.set(rows);
  }

  hintDropped(): void {
    this.hints.inc();
  }

  signIn(outcome: SignInOutcome): void {
    this.signIns.inc({ outcome });
  }

  /** In Prometheus' text format, with the content type that belongs to it. */
  async exposition(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  private counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: this.registers });
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: this.registers });
  }
}
