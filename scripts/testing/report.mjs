import { relative, sep } from 'node:path';
import { say } from '../progress.mjs';
import { ROOT } from '../root.mjs';

const SLOWEST = 10;

/**
 * One test as a suite reported it.
 * @typedef {object} Result
 * @property {string} name
 * @property {number} ms
 * @property {'passed' | 'failed' | 'skipped'} outcome
 */

/**
 * What a suite's own report says: each spec file that ran, with its tests and, where it failed, what a person needs.
 * @typedef {Map<string, { tests: Result[], trouble: string }>} SuiteReport
 */

/** Counts what passed and what failed, and knows what to print at the end. */
export class Report {
  passed = 0;
  failed = 0;
  /** @type {{ name: string, ms: number }[]} */
  #timed = [];

  /** @param {string} title */
  pass(title, ms = 0) {
    this.passed += 1;
    if (ms > 0) this.#timed.push({ name: title, ms });
  }

  /** @param {string} title @param {string} [trouble] the useful part of the output */
  fail(title, trouble = '') {
    this.failed += 1;
    say(`\nFAILED: ${title}`);
    if (trouble.trim() !== '') say(`${trouble.trim()}\n`);
  }

  /**
   * Takes over a suite's report. Every spec file on disk must have run, with at least one test, and none skipped: a
   * suite that quietly runs less than there is would pass for ever.
   * @param {string} suite
   * @param {readonly string[]} files what there is on disk
   * @param {SuiteReport} report
   */
  addSuite(suite, files, report) {
    for (const file of files) {
      if (!report.has(keyOf(file)))
        this.fail(`${suite}: ${pathOf(file)} was not run`, 'The suite ran fewer files than there are.');
    }
    for (const [file, { tests, trouble }] of report) {
      const title = pathOf(file);
      const failures = tests.filter((test) => test.outcome === 'failed').length;
      for (const test of tests) {
        if (test.outcome === 'passed') this.pass(`${title} › ${test.name}`, test.ms);
        if (test.outcome === 'skipped')
          this.fail(`${title} › ${test.name}`, 'The test is skipped. Mend it or delete it.');
      }
      if (failures > 0) {
        this.fail(title, trouble);
        // The file's trouble is printed once, and counted once per failed test.
        this.failed += failures - 1;
      } else if (trouble !== '') {
        this.fail(title, trouble);
      } else if (tests.length === 0) {
        this.fail(title, 'There is no test in this file.');
      }
    }
  }

  /** @param {Report} other */
  merge(other) {
    this.passed += other.passed;
    this.failed += other.failed;
    this.#timed.push(...other.#timed);
  }

  /** Prints the slowest tests and, as the last line, the count. Answers the exit code. */
  finish() {
    const slowest = this.#timed.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
    if (slowest.length > 0) {
      say('\nSlowest tests:');
      for (const { name, ms } of slowest) say(`  ${(ms / 1000).toFixed(2).padStart(6)} s  ${name}`);
    }
    say('');
    say(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

/** The same file has one name, whichever way a tool writes it. @param {string} file */
export function keyOf(file) {
  return file.split(sep).join('/');
}

/** @param {string} file */
function pathOf(file) {
  return keyOf(relative(ROOT, file));
}
