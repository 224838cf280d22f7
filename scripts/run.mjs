import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { guard, signalGroup } from './guard.mjs';
import { ROOT } from './root.mjs';

/** @type {Set<number>} */
const groups = new Set();

/** The exit code of what we had to end. */
export const ENDED = 124;
/** How long a program that has done its work may take to end. */
const LINGER_MS = 15_000;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] added to ours
 * @property {number} [limitMs] it is ended after this long
 * @property {() => boolean} [isDone] it has done its work and should end by itself soon, else it is ended
 * @property {(text: string) => void} [onOutput]
 */

/**
 * Runs a program to its end and answers with what it printed. It gets a process group of its own, so that all it started
 * ends with it.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, output: string }>} `ENDED` when it had to be ended
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    let output = '';
    const take = (/** @type {Buffer} */ chunk) => {
      const text = chunk.toString();
      output += text;
      options.onOutput?.(text);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    const { pid } = child;
    if (pid === undefined) return;
    groups.add(pid);
    const safe = guard({ pid });
    /** Why it was ended, if it was. */
    let reason = '';
    const end = (/** @type {string} */ why) => {
      if (reason !== '') return;
      reason = why;
      signalGroup(pid, 'SIGTERM');
      setTimeout(() => signalGroup(pid, 'SIGKILL'), 5_000).unref();
    };
    const began = Date.now();
    let done = Infinity;
    const look = setInterval(() => {
      if (options.isDone?.() === true) done = Math.min(done, Date.now());
      if (Date.now() - done > LINGER_MS) end(`It had done its work and did not end: something was left open.`);
      if (Date.now() - began > (options.limitMs ?? Infinity)) end('It took too long.');
    }, 500);
    child.on('close', (code) => {
      clearInterval(look);
      groups.delete(pid);
      safe();
      if (reason === '') resolve({ code: code ?? 1, output });
      else
        resolve({
          code: ENDED,
          output: `${output}\n${reason} (ended after ${Math.round((Date.now() - began) / 1000)} s)\n`,
        });
    });
  });
}

/** Ends everything that `run` has under way. */
export function endRunning() {
  for (const pid of groups) signalGroup(pid, 'SIGTERM');
}

/**
 * Runs a program of an installed package under this Node.
 * @param {string} tool see `toolPath`
 * @param {readonly string[]} args
 * @param {RunOptions & { nodeArgs?: readonly string[], workspace?: string }} [options]
 */
export function runTool(tool, args, options = {}) {
  const nodeArgs = options.nodeArgs ?? [];
  return run(process.execPath, [...nodeArgs, toolPath(tool, options.workspace), ...args], options);
}

/**
 * Like `runTool`, but a failure is an error that carries the output.
 * @param {string} tool
 * @param {readonly string[]} args
 * @param {Parameters<typeof runTool>[2]} [options]
 */
export async function mustRunTool(tool, args, options) {
  const { code, output } = await runTool(tool, args, options);
  if (code !== 0) throw new Failure(`${tool} ${args.join(' ')} failed (exit ${code}).`, output);
  return output;
}

/**
 * The JavaScript file of a package's program: `jest`, or `@bufbuild/buf/buf` where package and program differ in name.
 * The shell scripts of `node_modules/.bin` would not start everywhere.
 * @param {string} tool
 * @param {string} [workspace] whose copy goes before the root's
 */
function toolPath(tool, workspace) {
  const parts = tool.split('/');
  const name = parts.at(-1) ?? tool;
  const packageName = parts.length === 1 ? name : parts.slice(0, -1).join('/');
  const homes = workspace === undefined ? [ROOT] : [join(ROOT, workspace), ROOT];
  for (const home of homes) {
    const folder = join(home, 'node_modules', packageName);
    if (!existsSync(join(folder, 'package.json'))) continue;
    const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return join(folder, typeof bin === 'string' ? bin : bin[name]);
  }
  throw new Failure(`${packageName} is not installed. Delete node_modules and run the command again.`);
}
