import { spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { guard, signalGroup } from '../guard.mjs';

/** Socket paths have about 100 characters, and macOS names its temporary folder at length. */
const LONGEST_TEMPORARY = 60;

/**
 * A temporary folder that is deleted when it is released, or when this process is gone.
 * @param {string} name
 * @param {string} [wanted] a folder to use instead; it is kept
 * @returns {{ path: string, release: () => void }}
 */
export function ownFolder(name, wanted) {
  if (wanted !== undefined) {
    mkdirSync(wanted, { recursive: true });
    return { path: wanted, release: () => {} };
  }
  const parent = tmpdir().length > LONGEST_TEMPORARY ? '/tmp' : tmpdir();
  const path = mkdtempSync(join(parent, `energy-chat-${name}-`));
  const safe = guard({ folder: path });
  return {
    path,
    release: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      safe();
    },
  };
}

/** @param {string} path @param {{ uid: number, gid: number }} owner */
export function giveTo(path, owner) {
  chownSync(path, owner.uid, owner.gid);
}

/** The numbers of a system user, or undefined. @param {string} name */
export function systemUser(name) {
  if (!existsSync('/etc/passwd')) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/**
 * A server as a process group of our own, which ends when we do.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, log: string, owner?: { uid: number, gid: number } | undefined }} options
 *   `log` gets what it prints; `owner` is the account it runs as, where it is not ours
 */
export function startProcess(program, args, { cwd, env, log, owner }) {
  const out = openSync(log, 'a');
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', out, out], detached: true, ...owner });
  closeSync(out);
  const { pid } = child;
  if (pid === undefined) throw new Failure(`${program} could not be started.`);
  child.unref();
  const safe = guard({ pid });
  let isGone = false;
  const gone = new Promise((resolve) => {
    const end = () => {
      isGone = true;
      safe();
      resolve(undefined);
    };
    child.once('exit', end);
    child.once('error', end);
  });
  return {
    pid,
    isGone: () => isGone,
    /** Asks it to end, and makes it end when it does not. @param {number} patienceMs */
    async end(patienceMs) {
      if (isGone) return;
      child.ref();
      // The first process alone: servers that are scripts stop their children in order.
      process.kill(pid, 'SIGTERM');
      const force = setTimeout(() => signalGroup(pid, 'SIGKILL'), patienceMs);
      await gone;
      clearTimeout(force);
      signalGroup(pid, 'SIGKILL');
    },
    /** Ends it on the spot, as a crash would. */
    async kill() {
      child.ref();
      signalGroup(pid, 'SIGKILL');
      await gone;
    },
  };
}

/** The last lines of a log, for a message. @param {string} file @param {number} [count] */
export function lastLines(file, count = 15) {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}
