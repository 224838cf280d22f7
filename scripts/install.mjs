import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { npmCli, withoutNpmSettings } from './node-runtime.mjs';
import { step } from './progress.mjs';
import { ROOT } from './root.mjs';
import { run } from './run.mjs';

const LOCKFILE = join(ROOT, 'package-lock.json');
const STAMP = join(ROOT, 'node_modules', '.installed-for');

/** Installs what the lockfile names, when that is not what is there. */
export async function installPackages() {
  const wanted = createHash('sha256')
    .update(readFileSync(LOCKFILE))
    .update(`${process.version.split('.')[0]} ${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  if (!isInstalled()) {
    await step('Installing packages (npm ci)', async () => {
      // No package here needs its install script: each finds its ready-made binary without. So none runs, with any npm.
      const args = [npmCli(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
      const { code, output } = await run(process.execPath, args, { env: withoutNpmSettings() });
      if (code !== 0)
        throw new Failure('npm ci failed. Check the network and the registry, then run the command again.', output);
    });
  }
  writeFileSync(STAMP, wanted);
}

/** Whether node_modules holds the lockfile's versions already, by the record that npm itself keeps there. */
function isInstalled() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const there = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages;
  const isPackage = (/** @type {string} */ path) => path.includes('node_modules/') && wanted[path]?.link !== true;
  return (
    Object.keys(wanted)
      .filter(isPackage)
      .every((path) => {
        const found = there[path];
        // Builds for other platforms are optional, and absent.
        return found === undefined ? wanted[path].optional === true : found.version === wanted[path].version;
      }) && Object.keys(there).every((path) => wanted[path] !== undefined)
  );
}
