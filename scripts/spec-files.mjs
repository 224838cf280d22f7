import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';

const NOT_OURS = /(^|[\\/])(node_modules|dist|gen|test-results)([\\/]|$)/;

/**
 * The TypeScript files of a workspace whose name fits, as absolute paths.
 * @param {string} workspace
 * @param {RegExp} name
 */
export function filesNamed(workspace, name) {
  const folder = join(ROOT, workspace);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !NOT_OURS.test(path) && name.test(path))
    .map((path) => join(folder, path))
    .sort();
}
