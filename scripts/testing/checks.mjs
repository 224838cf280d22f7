import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { step } from '../progress.mjs';
import { CACHE, ROOT } from '../root.mjs';
import { mustRunTool } from '../run.mjs';
import { filesNamed } from '../spec-files.mjs';
import { deploymentChecks } from './deployment-checks.mjs';

/** On two cores more at once only slows each. */
const AT_ONCE = 2;
const LIMIT_MS = 5 * 60_000;
/** Their templates are checked with their types. */
const ANGULAR_FOLDERS = ['chat-client/angular', 'client-portal', 'admin-portal'];

/**
 * What can be judged without running the product. Each counts as one test.
 * @typedef {{ title: string, check: () => Promise<unknown> }} Check
 */

/** @returns {Check[]} the longest first */
export function checks() {
  const workspaces = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).workspaces;
  const proto = { cwd: join(ROOT, 'proto'), limitMs: LIMIT_MS };
  return [
    tool('Linter', 'eslint', ['.', '--max-warnings', '0']),
    ...workspaces.flatMap(typesOf),
    ...ANGULAR_FOLDERS.map(templatesOf),
    tool('Formatting (npm run format mends it)', 'prettier', ['--check', '--log-level', 'warn', '.']),
    tool('Unused and unlisted dependencies', 'knip', ['--no-progress']),
    { title: 'Contract: lint', check: () => mustRunTool('@bufbuild/buf/buf', ['lint'], proto) },
    {
      title: 'Contract: nothing breaks what was released',
      check: () => mustRunTool('@bufbuild/buf/buf', ['breaking', '--against', 'released.binpb'], proto),
    },
    ...deploymentChecks(),
  ];
}

/** @param {string} title @param {string} name @param {readonly string[]} args @returns {Check} */
function tool(title, name, args) {
  return {
    title,
    check: () => mustRunTool(name, args, { limitMs: LIMIT_MS, env: { NO_COLOR: '1', FORCE_COLOR: '0' } }),
  };
}

/** @param {string} folder of a tsconfig.json. Angular's compiler checks the templates too. @returns {Check} */
function templatesOf(folder) {
  return tool(`Types and templates of ${folder}`, '@angular/compiler-cli/ngc', [
    '-p',
    join(folder, 'tsconfig.json'),
    '--noEmit',
  ]);
}

/** @param {string} workspace @returns {Check[]} */
function typesOf(workspace) {
  if (ANGULAR_FOLDERS.includes(workspace)) return [];
  const config = join(workspace, 'tsconfig.json');
  const hasCode = filesNamed(workspace, /(?<!\.d)\.ts$/).length > 0;
  if (!hasCode) return [];
  const title = `Types of ${workspace}`;
  if (!existsSync(join(ROOT, config))) {
    const check = () => Promise.reject(new Failure(`${config} is missing, so its TypeScript is not checked.`));
    return [{ title, check }];
  }
  const record = join(CACHE, 'types', `${workspace}.tsbuildinfo`);
  const args = ['-p', config, '--noEmit', '--incremental', '--tsBuildInfoFile', record, '--pretty', 'false'];
  return [tool(title, 'typescript/tsc', args)];
}

/** @param {readonly Check[]} list @param {import('./report.mjs').Report} report */
export async function runChecks(list, report) {
  const left = [...list];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { title, check } = next;
      try {
        await step(title, check);
        report.pass(title);
      } catch (error) {
        const trouble = error instanceof Failure ? error.output || error.message : String(error);
        report.fail(title, trouble.slice(0, 12_000));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
