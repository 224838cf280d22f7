import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../chat-service/src/testing/eventually.js';
import { lastLines, ownFolder, type ServerProcess, startProcess } from '../../scripts/services/server-process.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Maven starts slowly on a busy machine. */
const PATIENCE_MS = 60_000;

type Settings = Readonly<Record<string, string>>;

/** A program of the folder `examples`, run as its readers run it. */
export class Example {
  private readonly folder = ownFolder('example');
  private readonly log = join(this.folder.path, 'output.log');
  private readonly process: ServerProcess;

  private constructor(
    private readonly name: string,
    program: string,
    args: readonly string[],
    settings: Settings,
  ) {
    // Java reads its arguments in the encoding that the locale names.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8', ...settings };
    this.process = startProcess(program, args, { cwd: ROOT, log: this.log, env });
  }

  /** `examples/typescript/<name>.ts` */
  static typescript(name: string, args: readonly string[], settings: Settings): Example {
    return new Example(name, process.execPath, [`examples/typescript/${name}.ts`, ...args], settings);
  }

  /** `examples/java`, a class of it, by the Maven that `npm test` found and compiled it with. */
  static java(name: string, args: readonly string[], settings: Settings): Example {
    const { TEST_MAVEN: maven, TEST_MAVEN_REPOSITORY: repository } = process.env;
    if (maven === undefined || repository === undefined) {
      throw new Error('TEST_MAVEN or TEST_MAVEN_REPOSITORY is missing: npm test finds both.');
    }
    const run = ['-o', '-B', '-q', '-f', 'examples/java/pom.xml', `-Dmaven.repo.local=${repository}`, 'exec:java'];
    const quoted = args.map((arg) => `"${arg}"`).join(' ');
    const what = [`-Dexec.mainClass=energychat.examples.${name}`, `-Dexec.args=${quoted}`];
    return new Example(name, maven, [...run, ...what], settings);
  }

  /** What it has printed so far. */
  get output(): string {
    return lastLines(this.log, 10_000);
  }

  /** Waits until it has printed this. */
  async says(words: string): Promise<void> {
    await this.until(`${this.name} says "${words}"`, () => this.output.includes(words));
  }

  /** Waits until it has ended by itself. */
  async ended(): Promise<void> {
    await this.until(`${this.name} ends`, () => this.process.isGone());
  }

  /** Ends it if it runs, and keeps what it printed where `npm run examples` looks. */
  async close(): Promise<void> {
    await this.process.kill();
    const { EXAMPLES_OUTPUT: kept } = process.env;
    if (kept !== undefined) appendFileSync(kept, `${this.name}\n${this.output.replace(/^/gm, '  ')}\n`);
    this.folder.release();
  }

  private async until(awaited: string, read: () => boolean): Promise<void> {
    try {
      await eventually(awaited, read, PATIENCE_MS);
    } catch (error) {
      throw new Error(`${this.name} printed:\n${this.output}`, { cause: error });
    }
  }
}
