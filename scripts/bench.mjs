import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { Failure } from './failure.mjs';
import { ROOT } from './root.mjs';

/** Measures: `bench/bench.mjs` gets the arguments. */
export default async function bench(/** @type {readonly string[]} */ args) {
  await build();
  const file = join(ROOT, 'bench', 'bench.mjs');
  if (!existsSync(file)) throw new Failure('There is nothing to measure yet: bench/bench.mjs is missing.');
  const { default: main } = await import(pathToFileURL(file).href);
  await main(args);
}
