import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ANGULAR_ENVIRONMENT, angularProjects, builtPortal } from './angular.mjs';
import { compress } from './compress.mjs';
import { lock } from './lock.mjs';
import { say, step } from './progress.mjs';
import { CACHE, ROOT } from './root.mjs';
import { mustRunTool } from './run.mjs';
import { shrink } from './shrink.mjs';

/**
 * One thing that is made from files.
 * @typedef {object} Target
 * @property {string} title
 * @property {readonly string[]} inputs files and folders
 * @property {string} output folder
 * @property {string} main a file of the output: without it, it counts as missing
 * @property {() => Promise<unknown>} make
 */

const TYPE_SCRIPT = ['tsconfig.base.json', 'tsconfig.angular.json', 'package-lock.json'];

/** @type {Target} */
const contract = {
  title: 'Generating code from the contract',
  inputs: [
    'proto/energy',
    'proto/google',
    'proto/pages',
    'proto/chat.proto',
    'proto/buf.yaml',
    'proto/buf.gen.yaml',
    'package-lock.json',
  ],
  output: 'proto/gen',
  main: 'energy/chat/v1/conversation_pb.js',
  make: () => mustRunTool('@bufbuild/buf/buf', ['generate'], { cwd: join(ROOT, 'proto') }),
};

/**
 * @param {string} workspace
 * @param {string} main
 * @returns {Target}
 */
function compiled(workspace, main) {
  return {
    title: `Compiling ${workspace}`,
    inputs: [
      `${workspace}/src`,
      `${workspace}/package.json`,
      `${workspace}/tsconfig.json`,
      `${workspace}/tsconfig.build.json`,
      ...contract.inputs,
      ...TYPE_SCRIPT,
    ],
    output: `${workspace}/dist`,
    main,
    make: () => mustRunTool('typescript/tsc', ['-p', join(workspace, 'tsconfig.build.json'), '--pretty', 'false']),
  };
}

/** A portal, with what both share. @param {import('./angular.mjs').Project} project @returns {Target} */
function portal({ name, root }) {
  return {
    title: `Building ${name}`,
    inputs: [
      'angular.json',
      ...['src', 'public', 'package.json', 'tsconfig.json', 'tsconfig.app.json'].map((path) => `${root}/${path}`),
      'chat-client/src',
      'chat-client/angular',
      'scripts/angular.mjs',
      'scripts/shrink.mjs',
      'scripts/compress.mjs',
      ...contract.inputs,
      ...TYPE_SCRIPT,
    ],
    output: `${root}/dist`,
    main: 'index.html',
    make: async () => {
      await mustRunTool('@angular/cli/ng', ['build', name, '--progress=false'], { env: ANGULAR_ENVIRONMENT });
      await shrink(builtPortal(root));
      await compress(builtPortal(root));
    },
  };
}

/** Makes the code that `buf` generates, when the contract changed. */
export async function generate() {
  await makeStale([contract]);
}

/** Makes everything that runs, as far as it is stale. Needs no network. */
export async function build() {
  const portals = angularProjects().filter(({ isBuilt }) => isBuilt);
  const code = [contract, compiled('chat-client', 'index.js'), compiled('chat-service', 'main.js')];
  await makeStale([...code, ...portals.map(portal)]);
}

/** @param {readonly Target[]} targets in the order of their dependence */
async function makeStale(targets) {
  const turn = await lock(join(CACHE, 'build.lock'), 'build', ({ pid }) =>
    say(`  … waiting for another command (process ${pid}) that is building`),
  );
  try {
    for (const target of targets) await makeIfStale(target);
  } finally {
    turn.release();
  }
}

/** @param {Target} target */
async function makeIfStale(target) {
  const stamp = join(CACHE, 'build', `${target.output.replaceAll('/', '-')}.json`);
  const output = join(ROOT, target.output);
  const files = target.inputs.flatMap((input) => filesUnder(join(ROOT, input)));
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  const wanted = hash.digest('hex');
  const made = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : undefined;
  const isThere = existsSync(join(output, target.main)) && filesUnder(output).length === made?.outputs;
  if (made?.inputs === wanted && isThere) return;
  await step(target.title, async () => {
    // A compiler leaves behind what it made from files that are gone, and an incomplete folder is not mended.
    const paths = new Set(files.map(pathOf));
    if (!isThere || made.files.some((/** @type {string} */ file) => !paths.has(file))) {
      rmSync(output, { recursive: true, force: true });
    }
    rmSync(stamp, { force: true });
    await target.make();
  });
  mkdirSync(dirname(stamp), { recursive: true });
  const outputs = filesUnder(output).length;
  writeFileSync(stamp, JSON.stringify({ inputs: wanted, outputs, files: files.map(pathOf) }));
}

/** @param {string} file */
function pathOf(file) {
  return relative(ROOT, file).split(sep).join('/');
}

/** @param {string} path @returns {string[]} sorted; none when there is nothing */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
