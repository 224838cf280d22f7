import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { HistoryLine } from './history.js';

type Unstamped<Line> = Line extends HistoryLine ? Omit<Line, 'at'> : never;

/** Writes the history of a run. */
export class Recorder {
  readonly file: string;
  private readonly stream: WriteStream;
  private startedAt = performance.now();
  private lastId = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'history.jsonl');
    this.stream = createWriteStream(this.file, { highWaterMark: 1024 * 1024 });
  }

  /** The run begins now. */
  begin(): void {
    this.startedAt = performance.now();
  }

  /** Milliseconds since the run began. */
  get now(): number {
    return performance.now() - this.startedAt;
  }

  /** For a try or a stream. */
  newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** What comes after the end is nobody's business any more. */
  write(line: Unstamped<HistoryLine>): void {
    if (this.stream.writableEnded) return;
    this.stream.write(`${JSON.stringify({ at: Math.round(this.now * 10) / 10, ...line })}\n`);
  }

  async close(): Promise<void> {
    if (!this.stream.writableEnded) this.stream.end();
    await finished(this.stream);
  }
}
