import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../chat-service/src/testing/eventually.js';
import { freePort } from '../../scripts/services/network.mjs';
import { type ServerProcess, startProcess } from '../../scripts/services/server-process.mjs';

const MAIN = fileURLToPath(new URL('../../chat-service/dist/main.js', import.meta.url));
const BOOT_LIMIT_MS = 30_000;
/** More than the service needs for its last calls; then it counts as hanging. */
const END_LIMIT_MS = 20_000;

/** One process of the compiled service, which may be killed and started again at the same addresses. */
export class Replica {
  private process: ServerProcess | undefined;
  /** Where in the log its present life begins. */
  private bornAt = 0;

  private constructor(
    readonly name: string,
    /** host:port of gRPC. */
    readonly address: string,
    private readonly metricsAddress: string,
    private readonly folder: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Not started yet, at addresses of its own. `folder` keeps its log; `settings` are of config.ts. */
  static async make(name: string, folder: string, settings: Readonly<Record<string, string>>): Promise<Replica> {
    const [grpc, metrics] = [await freePort(), await freePort()];
    return new Replica(name, `127.0.0.1:${grpc}`, `127.0.0.1:${metrics}`, folder, settings);
  }

  /** All that it has printed, over all its lives. */
  get log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /**
   * Answers when it is ready. Again after its end, at the same addresses. Fails with its last words. `settings` are for
   * this life only.
   */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.bornAt = this.log.length;
    const running = startProcess(process.execPath, ['--enable-source-maps', MAIN], {
      cwd: this.folder,
      log: this.logFile,
      env: {
        PATH: process.env.PATH,
        ROLE_MAP: '0=client,1=admin',
        SUPERVISORS: '3',
        REPLICA_NAME: this.name,
        GRPC_ADDRESS: this.address,
        METRICS_ADDRESS: this.metricsAddress,
        LOG_LEVEL: 'debug',
        ...this.settings,
        ...settings,
      },
    });
    this.process = running;
    const isReady = async (): Promise<boolean> => {
      if (running.isGone()) throw new Error(`${this.name} ended while it started:\n${this.lastWords()}`);
      if (!this.hasSaid('ready')) return false;
      return (await fetch(`http://${this.metricsAddress}/readyz`)).ok;
    };
    try {
      await eventually(`${this.name} is ready`, isReady, BOOT_LIMIT_MS);
    } catch (error) {
      await running.kill();
      throw new Error(`${this.name} did not start:\n${this.lastWords()}`, { cause: error });
    }
  }

  /** A figure of its metrics that has no labels. */
  async figure(name: string): Promise<number> {
    const lines = (await (await fetch(`http://${this.metricsAddress}/metrics`)).text()).split('\n');
    const line = lines.find((each) => each.startsWith(`${name} `));
    if (line === undefined) throw new Error(`${this.name} shows no ${name}.`);
    return Number(line.slice(name.length + 1));
  }

  /** What /readyz says, by part. */
  async readiness(): Promise<{ readonly ready: boolean; readonly parts: Readonly<Record<string, string>> }> {
    const response = await fetch(`http://${this.metricsAddress}/readyz`);
    const lines = (await response.text()).trim().split('\n');
    const parts = lines.map((line): [string, string] => {
      const [part = '', state = ''] = line.split(': ');
      return [part, state];
    });
    return { ready: response.ok, parts: Object.fromEntries(parts) };
  }

  /** SIGKILL: no last word, as a crash. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** SIGSTOP: it holds all that it has and does nothing, as under a paused virtual machine; until `thaw`. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** SIGTERM. Answers when it has ended in good order; fails when it had to be killed. */
  async terminate(): Promise<void> {
    await this.process?.end(END_LIMIT_MS);
    if (!this.hasSaid('stopped')) {
      throw new Error(`${this.name} did not end in good order:\n${this.lastWords()}`);
    }
  }

  private signal(name: NodeJS.Signals): void {
    if (this.process !== undefined && !this.process.isGone()) process.kill(this.process.pid, name);
  }

  /** In its present life. */
  private hasSaid(message: string): boolean {
    return this.log.slice(this.bornAt).includes(`"msg":"${message}"`);
  }

  private lastWords(): string {
    return this.log.trimEnd().split('\n').slice(-30).join('\n');
  }

  private get logFile(): string {
    return join(this.folder, `${this.name}.log`);
  }
}
