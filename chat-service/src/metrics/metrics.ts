import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** A figure that somebody else keeps and that is read when Prometheus asks. */
export interface KeptFigure {
  /** A total only grows while the process lives; a level goes up and down. */
  readonly kind: 'total' | 'level';
  readonly help: string;
  readonly read: () => number | Promise<number>;
}

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

  constructor() {
    // Also the delay of the event loop, memory and garbage collection.
    collectDefaultMetrics({ register: this.registry });
  }

  /** `method` is the path of a served method; `seconds` only for unary calls. */
  callEnded(method: string, code: string, seconds: number | undefined): void {
    this.calls.inc({ method, code });
    if (seconds !== undefined) this.callSeconds.observe({ method }, seconds);
  }

  committed(entries: number, seconds: number): void {
    this.entriesPerCommit.observe(entries);
    this.commitSeconds.observe(seconds);
  }

  /** Shows figures that others keep, one that cannot be read not at all, under names that begin with `chat_`. */
  show(figures: Readonly<Record<`chat_${string}`, KeptFigure>>): void {
    for (const [name, { kind, help, read }] of Object.entries(figures)) {
      const Shown = kind === 'total' ? Counter : Gauge;
      new Shown({
        name,
        help,
        registers: this.registers,
        async collect() {
          try {
            const value = await read();
            this.reset();
            this.inc(value);
          } catch {
            // Left out rather than wrong; the others are wanted most while a part is away.
            this.remove();
          }
        },
      });
    }
  }

  /** In Prometheus' text format, with the content type that belongs to it. */
  async exposition(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }
}
