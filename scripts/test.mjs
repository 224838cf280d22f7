import { build, generate } from './build.mjs';
import { whenAskedToEnd } from './ending.mjs';
import { Failure, printFailure } from './failure.mjs';
import { say, step } from './progress.mjs';
import { endRunning } from './run.mjs';
import { provideChromium } from './services/chromium.mjs';
import { provideEnvoy } from './services/envoy.mjs';
import { mariadb } from './services/mariadb.mjs';
import { provide } from './services/part.mjs';
import { rabbitmq } from './services/rabbitmq.mjs';
import { checks, runChecks } from './testing/checks.mjs';
import { Report } from './testing/report.mjs';
import {
  angularUnits,
  clientUnit,
  journeys,
  runSuite,
  scriptsUnit,
  serviceReal,
  serviceUnit,
} from './testing/suites.mjs';

/** How long an interrupted run may take to leave nothing behind. */
const LEAVE_MS = 10_000;

/** @type {import('./services/part.mjs').Server[]} */
let servers = [];

/**
 * Runs everything, or with `--unit` only the specs that need nothing but Node. The last line is `N passed, N failed`.
 * @param {readonly string[]} args
 */
export default async function test(args) {
  const unknown = args.find((arg) => arg !== '--unit');
  if (unknown !== undefined) throw new Failure(`npm test knows --unit, not ${unknown}.`);
  const report = new Report();
  let isInterrupted = false;
  whenAskedToEnd(() => {
    isInterrupted = true;
    say('\nInterrupted: ending what this run started.');
    endRunning();
    const limit = new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
    void Promise.race([Promise.allSettled(servers.map((server) => server.close())), limit]).then(() =>
      process.exit(130),
    );
  });
  try {
    await (args.includes('--unit') ? unit(report) : everything(report));
  } catch (error) {
    if (isInterrupted) return;
    printFailure(error);
    report.failed += 1;
  } finally {
    if (!isInterrupted) await Promise.allSettled(servers.map((server) => server.close()));
  }
  if (!isInterrupted) process.exitCode = report.finish();
}

/** @param {Report} report */
async function unit(report) {
  await generate();
  report.pass('Generated code');
  await Promise.all([serviceUnit(), clientUnit(), scriptsUnit()].map((suite) => runSuite(suite, report)));
  for (const suite of angularUnits()) await runSuite(suite, report);
}

/** @param {Report} report */
async function everything(report) {
  // First what may be missing here: better to hear of it now than after five minutes.
  servers = await step(
    'Real servers',
    () => provide([mariadb, rabbitmq], say),
    (all) => all.map(({ source }) => source).join(', '),
  );
  const envoy = await step(
    'Envoy',
    () => provideEnvoy(say),
    ({ source }) => source,
  );
  const chromium = await step(
    'Browser',
    () => provideChromium(say),
    ({ source }) => source,
  );
  const [database, broker] = servers;
  if (database === undefined || broker === undefined) throw new Failure('A real server is missing.');
  await generate();
  const isBuilt = await builds(report);
  await runChecks(checks(), report);
  await runSuite(serviceUnit(), report);
  await runSuite(clientUnit(), report);
  await runSuite(scriptsUnit(), report);
  for (const suite of angularUnits()) await runSuite(suite, report);
  const env = { TEST_MYSQL_URL: database.url, TEST_RABBITMQ_URL: broker.url };
  await runSuite(serviceReal(), report, env);
  const programs = { TEST_ENVOY: envoy.program, TEST_CHROMIUM: chromium.program };
  if (isBuilt) await runSuite(journeys(), report, { ...env, ...programs });
  else report.fail('e2e was not run', 'It runs the compiled service, which does not compile.');
}

/** @param {Report} report */
async function builds(report) {
  try {
    await build();
    report.pass('Build');
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    report.fail('Build', error.output);
    return false;
  }
}
