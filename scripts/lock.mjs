import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const RENEW_MS = 2_000;
/** A holder renews its file; one that has not for this long is gone, even if another process has its number now. */
const ABANDONED_MS = 30_000;

/**
 * Whoever holds the lock, as far as it is alive.
 * @typedef {{ pid: number, command: string }} Holder
 */

/**
 * Takes a lock file, or says who has it. A holder that died counts as none.
 * @param {string} file
 * @param {string} command what the holder does, for the message of whoever finds it taken
 * @returns {{ release: () => void } | { holder: Holder }}
 */
export function tryLock(file, command) {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, command }), { flag: 'wx' });
      return held(file);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = aliveHolder(file);
    if (holder !== undefined) return { holder };
    removeAbandoned(file);
  }
}

/**
 * Waits for the lock.
 * @param {string} file
 * @param {string} command
 * @param {(holder: Holder) => void} onWait called once when somebody else has it
 */
export async function lock(file, command, onWait) {
  for (let told = false; ; told = true) {
    const result = tryLock(file, command);
    if ('release' in result) return result;
    if (!told) onWait(result.holder);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** @param {string} file */
function held(file) {
  const renew = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder was deleted under us; the work goes on.
    }
  }, RENEW_MS);
  renew.unref();
  let isHeld = true;
  const release = () => {
    if (!isHeld) return;
    isHeld = false;
    clearInterval(renew);
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.on('exit', release);
  return { release };
}

/** @param {string} file @returns {Holder | undefined} */
function aliveHolder(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const text = readFileSync(file, 'utf8');
    // Just made and not written yet.
    if (text === '') return age < RENEW_MS ? { pid: 0, command: 'another command' } : undefined;
    const holder = JSON.parse(text);
    return age < ABANDONED_MS && isAlive(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function removeAbandoned(file) {
  // Renaming is atomic: of two that find the same abandoned lock one moves it, and a fresh one is never deleted unseen.
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (aliveHolder(aside) !== undefined) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error @returns {unknown} */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
