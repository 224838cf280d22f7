import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../root.mjs';
import { Report } from './report.mjs';
import { readJestReport, readPlaywrightReport } from './suites.mjs';

const file = join(ROOT, 'chat-service', 'src', 'a.spec.ts');

/** @param {'passed' | 'failed' | 'skipped'} outcome */
function one(outcome) {
  return { name: 'does it', ms: 5, outcome };
}

/** @param {(report: Report) => void} fill */
function count(fill) {
  const report = new Report();
  fill(report);
  return { passed: report.passed, failed: report.failed };
}

test('counts each test', () => {
  const tests = [one('passed'), one('failed'), one('failed'), one('passed')];
  const counted = count((report) => report.addSuite('s', [file], new Map([[file, { tests, trouble: 'why' }]])));
  assert.deepEqual(counted, { passed: 2, failed: 2 });
});

test('fails a run that leaves out a file that is there', () => {
  assert.deepEqual(
    count((report) => report.addSuite('s', [file], new Map())),
    { passed: 0, failed: 1 },
  );
});

test('fails a skipped test, a file without tests and a file that does not load', () => {
  const skipped = new Map([[file, { tests: [one('skipped')], trouble: '' }]]);
  const empty = new Map([[file, { tests: [], trouble: '' }]]);
  const broken = new Map([[file, { tests: [], trouble: 'SyntaxError' }]]);
  for (const suite of [skipped, empty, broken]) {
    assert.deepEqual(
      count((report) => report.addSuite('s', [file], suite)),
      { passed: 0, failed: 1 },
    );
  }
});

test('reads what Jest and vitest write', () => {
  const assertionResults = [
    { fullName: 'a', status: 'passed', duration: 3, failureMessages: [] },
    { fullName: 'b', status: 'failed', duration: 4, failureMessages: ['expected 1'] },
    { fullName: 'c', status: 'todo', failureMessages: [] },
  ];
  const report = readJestReport({ testResults: [{ name: file, status: 'failed', message: '', assertionResults }] });
  const [entry] = report.values();
  assert.deepEqual(
    entry?.tests.map(({ outcome }) => outcome),
    ['passed', 'failed', 'skipped'],
  );
  assert.match(entry?.trouble ?? '', /expected 1/);
});

test('reads what Playwright writes', () => {
  const result = { duration: 7, errors: [{ message: 'expected \u001b[31m2\u001b[0m' }], stdout: [], stderr: [] };
  const specs = [
    { title: 'a', file: 'x.spec.ts', tests: [{ status: 'expected', results: [{ ...result, errors: [] }] }] },
    { title: 'b', file: 'x.spec.ts', tests: [{ status: 'unexpected', results: [result] }] },
    { title: 'c', file: 'x.spec.ts', tests: [{ status: 'flaky', results: [result, result] }] },
  ];
  const suites = [{ title: 'x.spec.ts', file: 'x.spec.ts', specs, suites: [] }];
  const report = readPlaywrightReport({ config: { rootDir: '/e2e' }, suites, errors: [{ message: 'no config' }] });
  const entry = report.get('/e2e/x.spec.ts');
  assert.deepEqual(
    entry?.tests.map(({ outcome }) => outcome),
    ['passed', 'failed', 'failed'],
  );
  assert.match(entry?.trouble ?? '', /expected 2/);
  assert.match(report.get('/e2e')?.trouble ?? '', /no config/);
});
