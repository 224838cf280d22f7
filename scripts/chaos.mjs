import { join } from 'node:path';
import { runnerImport } from 'vite';
import { build } from './build.mjs';
import { whenAskedToEnd } from './ending.mjs';
import { printFailure } from './failure.mjs';
import { CACHE, ROOT } from './root.mjs';

/** Breaks everything around the service under load and judges what was seen: `e2e/chaos/main.ts` gets the arguments. */
export default async function chaos(/** @type {readonly string[]} */ args) {
  // Every server of the run is guarded and ends with this process.
  whenAskedToEnd(() => process.exit(130));
  await build();
  const { module } = await runnerImport(join(ROOT, 'e2e', 'chaos', 'main.ts'), { configFile: false, root: ROOT });
  try {
    process.exitCode = await module.main(args, CACHE);
  } catch (error) {
    printFailure(error);
    process.exitCode = 1;
  }
  // A run that broke off leaves faults that still wait to be mended.
  process.exit();
}
