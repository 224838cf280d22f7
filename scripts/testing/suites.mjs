import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ANGULAR_ENVIRONMENT, angularProjects } from '../angular.mjs';
import { step } from '../progress.mjs';
import { ROOT } from '../root.mjs';
import { ENDED, run, runTool } from '../run.mjs';
import { ownFolder } from '../services/server-process.mjs';
import { filesNamed } from '../spec-files.mjs';
import { keyOf, Report } from './report.mjs';

const REAL = /\.real\.spec\.ts$/;
const CLUSTER = /\.cluster\.spec\.ts$/;
/** Journeys that are run on a cluster too. */
const ON_CLUSTER = /(^|[\\/])(journey|interruptions)\.spec\.ts$/;
const SPEC = /\.spec\.ts$/;

/**
 * A set of spec files and the tool that runs them.
 * @typedef {object} Suite
 * @property {string} name
 * @property {readonly string[]} files
 * @property {number} limitMs
 * @property {(reportFile: string, options: import('../run.mjs').RunOptions) => ReturnType<typeof runTool>} run
 * @property {(report: any) => import('./report.mjs').SuiteReport} read decodes the tool's JSON report
 */

/** Specs of the service that need nothing but Node. @returns {Suite} */
export function serviceUnit() {
  return {
    name: 'chat-service',
    files: filesNamed('chat-service', SPEC).filter((file) => !REAL.test(file) && !CLUSTER.test(file)),
    limitMs: 5 * 60_000,
    run: (file, options) =>
      jest(['--testPathIgnorePatterns', '/node_modules/', '\\.(real|cluster)\\.spec\\.ts$'], file, options),
    read: readJestReport,
  };
}

/** Specs of the service on real servers, one file at a time: they share a virtual host. @returns {Suite} */
export function serviceReal() {
  return {
    name: 'chat-service, real servers',
    files: filesNamed('chat-service', REAL),
    limitMs: 10 * 60_000,
    run: (file, options) => jest(['--runInBand', '\\.real\\.spec\\.ts$'], file, options),
    read: readJestReport,
  };
}

/** The same with replicas at different nodes of a cluster, and what only a cluster shows. @returns {Suite} */
export function serviceOnCluster() {
  return {
    name: 'chat-service, on clusters',
    files: [...filesNamed('chat-service', REAL), ...filesNamed('chat-service', CLUSTER)],
    limitMs: 5 * 60_000,
    run: (file, options) => jest(['--runInBand', '\\.(real|cluster)\\.spec\\.ts$'], file, options),
    read: readJestReport,
  };
}

/** Specs of the SDK. @returns {Suite} */
export function clientUnit() {
  return {
    name: 'chat-client',
    files: filesNamed('chat-client/src', SPEC),
    limitMs: 5 * 60_000,
    run: (file, options) =>
      runTool('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], {
        workspace: 'chat-client',
        ...options,
        cwd: join(ROOT, 'chat-client'),
      }),
    read: readJestReport,
  };
}

/** Specs of the portals and of what they share, in Angular's own runner. @returns {Suite[]} */
export function angularUnits() {
  return angularProjects()
    .filter(({ isTested }) => isTested)
    .map(({ name, sources }) => ({
      name: `${name}, Angular`,
      files: filesNamed(sources, SPEC),
      limitMs: 5 * 60_000,
      run: (file, options) => {
        const report = ['--reporters=default', '--reporters=json', `--output-file=${file}`];
        const args = ['test', name, '--watch=false', '--progress=false', ...report];
        return runTool('@angular/cli/ng', args, { ...options, env: { ...options.env, ...ANGULAR_ENVIRONMENT } });
      },
      read: readJestReport,
    }));
}

/** Specs of what runs the rest. @returns {Suite} */
export function scriptsUnit() {
  const files = filesNamed('scripts', /\.spec\.mjs$/);
  const reporter = join(ROOT, 'scripts', 'testing', 'node-test-report.mjs');
  return {
    name: 'scripts',
    files,
    limitMs: 60_000,
    run: (file, options) => {
      const report = [`--test-reporter=${pathToFileURL(reporter).href}`, `--test-reporter-destination=${file}`];
      return run(process.execPath, ['--test', ...report, ...files], options);
    },
    read: readJestReport,
  };
}

/** Whole journeys. @returns {Suite} */
export function journeys() {
  return {
    name: 'e2e',
    files: filesNamed('e2e', SPEC).filter((file) => !CLUSTER.test(file)),
    limitMs: 15 * 60_000,
    run: (file, options) => playwright([], file, options),
    read: readPlaywrightReport,
  };
}

/** The programs of examples/ and the commands of docs/programs.md. @returns {Suite} */
export function examples() {
  return {
    name: 'examples',
    files: filesNamed('e2e', /^(examples|programs)\.spec\.ts$/),
    limitMs: 5 * 60_000,
    run: (file, options) => playwright(['examples.spec', 'programs.spec'], file, options),
    read: readPlaywrightReport,
  };
}

/** Journeys with replicas and clients at different nodes of clusters. @returns {Suite} */
export function clusterJourneys() {
  return {
    name: 'e2e, on clusters',
    files: filesNamed('e2e', ON_CLUSTER),
    limitMs: 5 * 60_000,
    run: (file, options) => playwright(['journey.spec', 'interruptions.spec'], file, options),
    read: readPlaywrightReport,
  };
}

/** Nodes of clusters of its own are killed under load. @returns {Suite} */
export function clusterChaos() {
  return {
    name: 'e2e, chaos on clusters',
    files: filesNamed('e2e', CLUSTER),
    limitMs: 15 * 60_000,
    run: (file, options) => playwright(['-c', 'playwright.cluster.config.ts'], file, options),
    read: readPlaywrightReport,
  };
}

/**
 * Runs a suite and adds what happened to the report.
 * @param {Suite} suite
 * @param {import('./report.mjs').Report} report
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function runSuite(suite, report, env = {}) {
  const own = new Report();
  const folder = ownFolder('report');
  const file = join(folder.path, 'report.json');
  const work = async () => {
    if (suite.files.length === 0) {
      own.fail(suite.name, 'There is no spec file. Did a folder move?');
      return;
    }
    const { code, output } = await suite.run(file, {
      env: { ...env, FORCE_COLOR: '0', NO_COLOR: '1' },
      limitMs: suite.limitMs,
      isDone: () => existsSync(file) && statSync(file).size > 0,
    });
    const tail = output.slice(-8_000);
    if (!existsSync(file)) own.fail(`${suite.name} left no report (exit code ${code})`, tail);
    else own.addSuite(suite.name, suite.files, suite.read(JSON.parse(readFileSync(file, 'utf8'))));
    if (code === ENDED) own.fail(`${suite.name} did not end by itself`, tail);
    else if (code !== 0 && own.failed === 0) {
      own.fail(`${suite.name} ended with exit code ${code} although no test failed`, tail);
    }
  };
  try {
    const count = () => `${own.passed} passed, ${own.failed} failed`;
    await step(`${suite.name}: ${suite.files.length} spec files`, work, count);
  } finally {
    folder.release();
    report.merge(own);
  }
}

/** @param {readonly string[]} args @param {string} reportFile @param {import('../run.mjs').RunOptions} options */
function playwright(args, reportFile, options) {
  return runTool('@playwright/test/playwright', ['test', ...args, '--reporter=line,json'], {
    workspace: 'e2e',
    ...options,
    cwd: join(ROOT, 'e2e'),
    env: { ...options.env, PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile },
  });
}

/** @param {readonly string[]} args @param {string} reportFile @param {import('../run.mjs').RunOptions} options */
function jest(args, reportFile, options) {
  return runTool('jest', ['--ci', '--json', `--outputFile=${reportFile}`, ...args], {
    workspace: 'chat-service',
    // Jest loads ES modules by Node's vm modules, which are behind this flag.
    nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
    ...options,
    cwd: join(ROOT, 'chat-service'),
  });
}

/** Jest's format, which vitest writes too. @param {any} data @returns {import('./report.mjs').SuiteReport} */
export function readJestReport(data) {
  /** @type {import('./report.mjs').SuiteReport} */
  const report = new Map();
  for (const file of data.testResults) {
    const tests = file.assertionResults.map((/** @type {any} */ test) => ({
      name: test.fullName,
      ms: test.duration ?? 0,
      outcome: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
    }));
    const messages = file.assertionResults.flatMap((/** @type {any} */ test) =>
      (test.failureMessages ?? []).map((/** @type {string} */ message) => `● ${test.fullName}\n\n${message}`),
    );
    const trouble = file.status === 'failed' ? file.message || messages.join('\n\n') || 'The file failed.' : '';
    report.set(keyOf(file.name), { tests, trouble });
  }
  return report;
}

/** @param {any} data @returns {import('./report.mjs').SuiteReport} */
export function readPlaywrightReport(data) {
  /** @type {import('./report.mjs').SuiteReport} */
  const report = new Map();
  const visit = (/** @type {any} */ suite, /** @type {string[]} */ titles) => {
    for (const spec of suite.specs ?? []) {
      const file = keyOf(join(data.config.rootDir, spec.file));
      const entry = report.get(file) ?? { tests: [], trouble: '' };
      report.set(file, entry);
      for (const test of spec.tests) {
        const name = [...titles, spec.title].join(' › ');
        const outcome = test.status === 'expected' ? 'passed' : test.status === 'skipped' ? 'skipped' : 'failed';
        const ms = test.results.reduce(
          (/** @type {number} */ sum, /** @type {any} */ result) => sum + result.duration,
          0,
        );
        entry.tests.push({ name, ms, outcome });
        if (outcome !== 'failed') continue;
        const errors = test.results.flatMap((/** @type {any} */ result) => [
          ...result.errors.map((/** @type {any} */ error) => error.message ?? error.value ?? ''),
          ...[...(result.stdout ?? []), ...(result.stderr ?? [])]
            .map((/** @type {any} */ chunk) => chunk.text ?? '')
            .slice(-40),
        ]);
        entry.trouble += `● ${name}\n\n${stripVTControlCharacters(errors.join('\n'))}\n\n`;
      }
    }
    for (const inner of suite.suites ?? [])
      visit(inner, inner.file === inner.title ? titles : [...titles, inner.title]);
  };
  for (const suite of data.suites) visit(suite, []);
  for (const error of data.errors ?? []) {
    const file = keyOf(error.location?.file ?? data.config.configFile ?? data.config.rootDir);
    const entry = report.get(file) ?? { tests: [], trouble: '' };
    report.set(file, { ...entry, trouble: `${entry.trouble}${error.message ?? error.value ?? ''}\n` });
  }
  return report;
}
