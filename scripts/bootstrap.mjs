/**
 * Runs a command of this repository on a machine that has nothing but some Node (18 or later) and npm: picks or fetches
 * the Node that the project needs, installs the locked packages when they changed, and goes on with `<command>.mjs`.
 * Everything imported from here uses `node:` modules only.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { whenOrphaned } from './ending.mjs';
import { printFailure } from './failure.mjs';
import { installPackages } from './install.mjs';
import { lock } from './lock.mjs';
import { environmentFor, installPrivateNode, isSupported, privateNode } from './node-runtime.mjs';
import { say, step } from './progress.mjs';
import { CACHE } from './root.mjs';

const COMMANDS = ['start', 'test', 'test-cluster', 'bench', 'chaos', 'dead-letters', 'examples', 'generate', 'lint'];
const [command = '', ...args] = process.argv.slice(2);

try {
  if (!COMMANDS.includes(command)) {
    console.error(`Usage: npm run <command>, where the command is one of: ${COMMANDS.join(', ')}.`);
    process.exitCode = 1;
  } else if (isSupported(process.version)) {
    Object.assign(process.env, environmentFor(process.execPath));
    await prepared(installPackages);
    const { default: main } = await import(`./${command}.mjs`);
    await main(args);
  } else {
    const fetched = privateNode();
    const node = fetched ?? (await prepared(() => step('Fetching Node for this folder', fetchNode)));
    process.exitCode = await continueUnder(node);
  }
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

/** Another command may have fetched it while this one waited. */
async function fetchNode() {
  return privateNode() ?? (await installPrivateNode());
}

/**
 * One command at a time changes what all share.
 * @template T
 * @param {() => Promise<T>} work
 */
async function prepared(work) {
  const turn = await lock(join(CACHE, 'prepare.lock'), command, ({ pid, command: other }) =>
    say(`  … waiting for another command (${other}, process ${pid}) that is preparing this folder`),
  );
  try {
    return await work();
  } finally {
    turn.release();
  }
}

/**
 * The same command under another Node. It hears of our end by the channel, and of signals by us.
 * @param {string} node
 * @returns {Promise<number>}
 */
function continueUnder(node) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, process.argv.slice(1), {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: environmentFor(node),
    });
    // Ctrl-C reaches the child by the terminal too; it bears hearing of it twice.
    process.on('SIGINT', () => child.kill('SIGINT'));
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    process.on('SIGHUP', () => child.kill('SIGTERM'));
    whenOrphaned(() => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}
