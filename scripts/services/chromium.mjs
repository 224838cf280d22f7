import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { canInstallByApt, installByApt } from './apt.mjs';
import { findProgram, isExcluded, systemKind } from './programs.mjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
];

/** Where installers put browsers without putting them on PATH. */
const INSTALLED = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].map((folder) =>
    join(process.env[folder] ?? '', 'Google', 'Chrome', 'Application', 'chrome.exe'),
  ),
};

const CURES = {
  debian: 'sudo apt-get install chromium (or install Google Chrome)',
  macos: 'brew install --cask google-chrome',
  windows: 'install Google Chrome',
  other: 'install Chromium or Google Chrome by your package manager',
};

/**
 * The browser, from the first source that works: TEST_CHROMIUM, PATH or an installed Chrome, Debian's package.
 * @param {(text: string) => void} [say]
 * @returns {Promise<{ program: string, source: string }>}
 */
export async function provideChromium(say = () => {}) {
  const given = process.env.TEST_CHROMIUM ?? '';
  // A browser that was asked for and does not work is an error, not a reason to test another.
  if (given !== '') return { program: given, source: `${versionOf(given)} (TEST_CHROMIUM)` };
  let found = findChromium();
  if (found === undefined && canInstallByApt()) {
    say('  … installing chromium by apt-get');
    await installByApt(['chromium']);
    found = findChromium();
  }
  if (found === undefined) {
    throw new Failure(`The tests need Chromium:\n  ${CURES[systemKind()]}\n    or set TEST_CHROMIUM to its path.`);
  }
  return { program: found, source: `${versionOf(found)} (${found})` };
}

/** The browser of this system, or undefined. */
function findChromium() {
  const onPath = findProgram(NAMES);
  if (onPath !== undefined || isExcluded('program')) return onPath;
  const { platform } = process;
  return platform === 'darwin' || platform === 'win32'
    ? INSTALLED[platform].find((file) => existsSync(file))
    : undefined;
}

/** @param {string} program */
function versionOf(program) {
  // On Windows it would open a window instead of answering.
  if (process.platform === 'win32') return 'Chrome';
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /(Chromium|Google Chrome|Microsoft Edge)[^\d]*([\d.]+)/.exec(stdout ?? '');
  if (version !== null) return `${version[1]} ${version[2]}`;
  throw new Failure(`${program} is not a browser of Chromium's kind.`, error?.message ?? stdout);
}
