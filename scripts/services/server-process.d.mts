export interface ServerProcess {
  readonly pid: number;
  isGone(): boolean;
  /** Asks it to end by SIGTERM, and makes it end when it does not within its patience, in milliseconds. */
  end(patienceMs: number): Promise<void>;
  /** Ends it on the spot, as a crash would. */
  kill(): Promise<void>;
}

/**
 * A temporary folder that is deleted when it is released, or when this process is gone.
 * @param wanted a folder to use instead; it is kept
 */
export function ownFolder(name: string, wanted?: string): { readonly path: string; release(): void };

/**
 * A server as a process group of our own, which ends when we do.
 * @param options.log a file that gets what it prints
 */
export function startProcess(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly log: string },
): ServerProcess;

/** The last lines of a log, 15 unless `count` is given; empty when there is no such file. */
export function lastLines(file: string, count?: number): string;
