import { build } from './build.mjs';
import { checks, runChecks } from './testing/checks.mjs';
import { Report } from './testing/report.mjs';

/** Every check that does not run the product. */
export default async function lint() {
  await build();
  const report = new Report();
  await runChecks(checks(), report);
  process.exitCode = report.finish();
}
