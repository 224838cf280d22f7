import { build, generate } from './build.mjs';
import { Failure } from './failure.mjs';
import { say, step } from './progress.mjs';
import { provideChromium } from './services/chromium.mjs';
import { provideEnvoy } from './services/envoy.mjs';
import { provideGrpcurl } from './services/grpcurl.mjs';
import { provideJavaExamples } from './services/java-examples.mjs';
import { mariadb } from './services/mariadb.mjs';
import { provide } from './services/part.mjs';
import { rabbitmq } from './services/rabbitmq.mjs';
import { checks, runChecks } from './testing/checks.mjs';
import { reported } from './testing/reported.mjs';
import {
  angularUnits,
  clientUnit,
  journeys,
  runSuite,
  scriptsUnit,
  serviceReal,
  serviceUnit,
} from './testing/suites.mjs';

/**
 * Runs everything, or with `--unit` only the specs that need nothing but Node. The last line is `N passed, N failed`.
 * @param {readonly string[]} args
 */
export default async function test(args) {
  const unknown = args.find((arg) => arg !== '--unit');
  if (unknown !== undefined) throw new Failure(`npm test knows --unit, not ${unknown}.`);
  await reported(args.includes('--unit') ? unit : everything);
}

/** @param {import('./testing/report.mjs').Report} report */
async function unit(report) {
  await generate();
  report.pass('Generated code');
  await Promise.all([serviceUnit(), clientUnit(), scriptsUnit()].map((suite) => runSuite(suite, report)));
  for (const suite of angularUnits()) await runSuite(suite, report);
}

/** @type {Parameters<typeof reported>[0]} */
async function everything(report, later) {
  // First what may be missing here: better to hear of it now than after five minutes.
  const servers = await step(
    'Real servers',
    () => provide([mariadb, rabbitmq], say),
    (all) => all.map(({ source }) => source).join(', '),
  );
  servers.forEach(later);
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
  const grpcurl = await step(
    'grpcurl',
    () => provideGrpcurl(say),
    ({ source }) => source,
  );
  const java = await step(
    'Examples in Java',
    () => provideJavaExamples(say),
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
  const programs = {
    TEST_ENVOY: envoy.program,
    TEST_CHROMIUM: chromium.program,
    TEST_GRPCURL: grpcurl.program,
    TEST_MAVEN: java.program,
    TEST_MAVEN_REPOSITORY: java.repository,
  };
  if (isBuilt) await runSuite(journeys(), report, { ...env, ...programs });
  else report.fail('e2e was not run', 'It runs the compiled service, which does not compile.');
}

/** @param {import('./testing/report.mjs').Report} report */
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
