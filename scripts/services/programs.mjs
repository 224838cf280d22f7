import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where packages put servers without putting them on everybody's PATH: Debian, then Homebrew on each of its platforms. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
const HOMEBREW = ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'];

/**
 * The first of these programs that this system has, or undefined.
 * @param {readonly string[]} names
 * @param {readonly string[]} [before] folders that go before PATH
 * @param {readonly string[]} [formulae] Homebrew's packages whose own folders count
 */
export function findProgram(names, before = [], formulae = []) {
  // These programs are shell scripts or want a Unix: on Windows a container engine brings them.
  if (process.platform === 'win32' || isExcluded('program')) return undefined;
  const brewed = HOMEBREW.flatMap((prefix) => [
    join(prefix, 'bin'),
    join(prefix, 'sbin'),
    ...formulae.flatMap((formula) => [join(prefix, 'opt', formula, 'bin'), join(prefix, 'opt', formula, 'sbin')]),
  ]);
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...before, ...path, ...FOLDERS, ...brewed]) {
    for (const name of names) {
      const file = join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

/** A container engine that answers, or undefined. */
export function findEngine() {
  if (isExcluded('container')) return undefined;
  for (const name of ['docker', 'podman']) {
    const result = spawnSync(name, ['info'], { timeout: 15_000, stdio: 'ignore', windowsHide: true });
    if (result.status === 0) return name;
  }
  return undefined;
}

/**
 * `TEST_WITHOUT=program,container,apt` passes over these sources, to choose another or to see what a bare machine would do.
 * @param {'program' | 'container' | 'apt'} source
 */
export function isExcluded(source) {
  return (process.env.TEST_WITHOUT ?? '').split(',').includes(source);
}

/** What kind of system this is, as far as the cures differ. @returns {'debian' | 'macos' | 'windows' | 'other'} */
export function systemKind() {
  if (process.platform === 'darwin') return 'macos';
  if (process.platform === 'win32') return 'windows';
  if (existsSync('/etc/os-release') && existsSync('/usr/bin/apt-get')) {
    const text = readFileSync('/etc/os-release', 'utf8');
    if (/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text)) return 'debian';
  }
  return 'other';
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
