import { isAlive } from './lock.mjs';

const LOOK_MS = 500;

/**
 * Calls back once when this command is asked to end: Ctrl-C, a termination signal, a closed terminal, or the end of what
 * runs it. Whoever presses Ctrl-C again after a second does not want to wait: then it ends at once.
 * @param {() => void} onEnd
 */
export function whenAskedToEnd(onEnd) {
  let asked = 0;
  const ask = () => {
    // npm passes signals on, so one Ctrl-C may arrive twice.
    if (asked !== 0 && Date.now() - asked < 1_000) return;
    if (asked !== 0) process.exit(130);
    asked = Date.now();
    onEnd();
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', ask);
  process.on('SIGHUP', ask);
  process.on('disconnect', ask);
  process.channel?.unref();
  whenOrphaned(ask);
}

/**
 * Calls back once when npm, which runs this command through a shell, is gone: a signal sent to npm alone ends the shell
 * and never gets here. A command that was started without npm may outlive its shell.
 * @param {() => void} onOrphaned
 */
export function whenOrphaned(onOrphaned) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    // Elsewhere than on Unix the parent keeps its number when it is gone.
    if (process.ppid === parent && isAlive(parent)) return;
    clearInterval(look);
    onOrphaned();
  }, LOOK_MS);
  look.unref();
}
