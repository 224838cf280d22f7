import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { lock } from '../lock.mjs';
import { CACHE, ROOT } from '../root.mjs';
import { run } from '../run.mjs';
import { canInstallByApt, installByApt } from './apt.mjs';
import { findProgram, systemKind } from './programs.mjs';

const PROJECT = join(ROOT, 'examples', 'java');
/** The first run fetches Spring, from then on nothing. */
const LIMIT_MS = 10 * 60_000;

const CURES = {
  debian: 'sudo apt-get install --no-install-recommends default-jdk-headless maven',
  macos: 'brew install openjdk maven',
  windows: 'run the tests in WSL',
  other: 'install a JDK from 17 on and Maven by your package manager',
};

/**
 * Compiles examples/java by the first Maven that works: TEST_MAVEN, PATH, Debian's packages. What it fetches stays in
 * the cache.
 * @param {(text: string) => void} [say]
 * @returns {Promise<{ program: string, repository: string, source: string }>} Maven, and the repository to run it with
 */
export async function provideJavaExamples(say = () => {}) {
  const program = await findMaven(say);
  const repository = join(CACHE, 'm2');
  const turn = await lock(`${repository}.lock`, 'compiling examples/java', () => say('  … waiting for another run'));
  try {
    // Without the network where all is there already. The plugin that runs the programs is fetched along.
    const args = [
      '-B',
      '-q',
      `-Dmaven.repo.local=${repository}`,
      '-Dexec.skip',
      '-Dexec.mainClass=none',
      'compile',
      'exec:java',
    ];
    const offline = await run(program, ['-o', ...args], { cwd: PROJECT, limitMs: LIMIT_MS });
    if (offline.code !== 0) {
      say('  … fetching what examples/java needs into .cache');
      const { code, output } = await run(program, args, { cwd: PROJECT, limitMs: LIMIT_MS });
      if (code !== 0) throw new Failure('examples/java does not compile.', output);
    }
  } finally {
    turn.release();
  }
  return { program, repository, source: versionOf(program) };
}

/** @param {(text: string) => void} say */
async function findMaven(say) {
  const given = process.env.TEST_MAVEN ?? '';
  if (given !== '') return given;
  let found = findBoth();
  if (found === undefined && canInstallByApt()) {
    say('  … installing default-jdk-headless and maven by apt-get');
    await installByApt(['default-jdk-headless', 'maven']);
    found = findBoth();
  }
  if (found !== undefined) return found;
  throw new Failure(
    `The examples in Java need a JDK and Maven:\n  ${CURES[systemKind()]}\n    or set TEST_MAVEN to the path of mvn.`,
  );
}

/** Maven, where a compiler is too. */
function findBoth() {
  return findProgram(['javac'], [], ['openjdk']) && findProgram(['mvn'], [], ['maven']);
}

/** @param {string} program */
function versionOf(program) {
  const text = spawnSync(program, ['-v', '-B'], { encoding: 'utf8' }).stdout ?? '';
  const [, maven, java] = /Apache Maven ([\d.]+)[^]*Java version: ([\d.]+)/.exec(text) ?? [];
  if (maven === undefined) throw new Failure(`${program} is not Maven.`, text);
  return `Maven ${maven}, Java ${java} (${program})`;
}
