/**
 * Nothing that a command started outlives it, however it ends. A small process of its own reads from a pipe what there
 * is to end; when the command is gone, even by SIGKILL or a closed terminal, the pipe closes and the rest is cleaned up.
 */
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const PATIENCE_MS = 8_000;

/**
 * What is to end: a process with all its descendants (`pid`), a folder, a container, or what a command undoes.
 * @typedef {{ pid: number } | { folder: string } | { container: string, engine: string } | { undo: readonly string[] }} Charge
 */

/** @type {import('node:stream').Writable | undefined} */
let pipe;
let lastId = 0;

/**
 * Hands over a charge. The answer takes it back, for when it ended in good order.
 * @param {Charge} charge
 * @returns {() => void}
 */
export function guard(charge) {
  const id = ++lastId;
  tell({ id, charge });
  return () => tell({ id });
}

/**
 * Sends a signal to a process that was started `detached`, and to all that belong to its group.
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export function signalGroup(pid, signal) {
  if (process.platform === 'win32') {
    if (signal === 'SIGKILL') spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true });
    else signalOne(pid, signal);
  } else if (!signalOne(-pid, signal)) {
    signalOne(pid, signal);
  }
}

/** @param {number} pid @param {NodeJS.Signals | 0} signal */
function signalOne(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** @param {{ id: number, charge?: Charge }} message */
function tell(message) {
  if (pipe === undefined) {
    const child = spawn(process.execPath, [SELF], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      windowsHide: true,
    });
    child.unref();
    pipe = child.stdin;
    // The pipe must not keep the command from ending.
    if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
    pipe.on('error', () => {});
  }
  pipe.write(`${JSON.stringify(message)}\n`);
}

async function watch() {
  // Only the pipe ends the guard: a signal sent to everything of a terminal must not.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  /** @type {Map<number, Charge>} */
  const charges = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, charge } = JSON.parse(line);
    if (charge === undefined) charges.delete(id);
    else charges.set(id, charge);
  }
  for (const charge of charges.values()) {
    if (!('undo' in charge)) continue;
    const [program = '', ...args] = charge.undo;
    spawnSync(program, args, { windowsHide: true });
  }
  const pids = [...charges.values()].flatMap((charge) => ('pid' in charge ? [charge.pid] : []));
  const isThere = (/** @type {number} */ pid) => signalOne(process.platform === 'win32' ? pid : -pid, 0);
  for (const pid of pids) signalGroup(pid, 'SIGTERM');
  for (let waited = 0; waited < PATIENCE_MS && pids.some(isThere); waited += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const pid of pids) if (isThere(pid)) signalGroup(pid, 'SIGKILL');
  for (const charge of charges.values()) {
    if ('container' in charge) spawnSync(charge.engine, ['rm', '-f', '-v', charge.container], { windowsHide: true });
    if ('folder' in charge) rmSync(charge.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

if (process.argv[1] === SELF) await watch();
