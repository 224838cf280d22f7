/**
 * Calls back once when this command is asked to end: Ctrl-C, a termination signal, a closed terminal, or the end of the
 * process that runs it. Whoever presses Ctrl-C again after a second does not want to wait: then it ends at once.
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
}
