import { whenAskedToEnd } from '../ending.mjs';
import { printFailure } from '../failure.mjs';
import { say } from '../progress.mjs';
import { endRunning } from '../run.mjs';
import { Report } from './report.mjs';

/** How long an interrupted run may take to leave nothing behind. */
const LEAVE_MS = 10_000;

/**
 * Runs tests and prints `N passed, N failed` as the last line. What the work hands to `later` is closed in the end, also
 * when the run is interrupted.
 * @param {(report: Report, later: (server: { close: () => Promise<unknown> }) => void) => Promise<void>} work
 */
export async function reported(work) {
  const report = new Report();
  /** @type {{ close: () => Promise<unknown> }[]} */
  const servers = [];
  const closeAll = () => Promise.allSettled(servers.splice(0).map((server) => server.close()));
  let isInterrupted = false;
  whenAskedToEnd(() => {
    isInterrupted = true;
    say('\nInterrupted: ending what this run started.');
    endRunning();
    const limit = new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
    void Promise.race([closeAll(), limit]).then(() => process.exit(130));
  });
  try {
    await work(report, (server) => servers.push(server));
  } catch (error) {
    if (isInterrupted) return;
    printFailure(error);
    report.failed += 1;
  } finally {
    if (!isInterrupted) await closeAll();
  }
  if (!isInterrupted) process.exitCode = report.finish();
}
