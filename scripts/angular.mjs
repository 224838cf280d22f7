import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';

/**
 * A project of angular.json.
 * @typedef {object} Project
 * @property {string} name
 * @property {string} root
 * @property {string} sources
 * @property {boolean} isBuilt
 * @property {boolean} isTested
 */

/** @returns {Project[]} */
export function angularProjects() {
  const file = join(ROOT, 'angular.json');
  if (!existsSync(file)) return [];
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')).projects).map(([name, project]) => {
    const targets = project.architect ?? project.targets ?? {};
    const { root, sourceRoot = root } = project;
    return { name, root, sources: sourceRoot, isBuilt: 'build' in targets, isTested: 'test' in targets };
  });
}

/** Where the files of a built portal lie. @param {string} portal */
export function builtPortal(portal) {
  return join(ROOT, portal, 'dist');
}

/** Angular's program asks about analytics unless told not to, and puts what belongs together into one file when told to. */
export const ANGULAR_ENVIRONMENT = { NG_CLI_ANALYTICS: 'false', NG_BUILD_OPTIMIZE_CHUNKS: 'true' };
