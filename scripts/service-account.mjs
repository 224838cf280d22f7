/**
 * `npm run service-account`: who may publish system messages, in the file that SERVICE_ACCOUNTS_FILE names. Runs on Node
 * 18 without any package, so also beside the images. The key goes to standard output, alone and once; the file holds
 * its hash.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, printFailure } from './failure.mjs';
import { lock } from './lock.mjs';
import { ROOT } from './root.mjs';

const USAGE = `Usage:
  npm run service-account -- create NAME --source SOURCE [--source SOURCE …] [--shown-name TEXT]
  npm run service-account -- list
  npm run service-account -- revoke NAME

  --source SOURCE    in whose name the account may write; a new one needs --shown-name
  --shown-name TEXT  makes the source: what clients see, for example "Billing"
  --file FILE        by default SERVICE_ACCOUNTS_FILE, else service-accounts.json in DATA_DIRECTORY (.data)`;

/**
 * What the service reads, in chat-service/src/system-message/service-accounts.ts.
 * @typedef {object} Content
 * @property {Record<string, { shownName: string, recipientsPerHour?: number }>} sources
 * @property {{ name: string, sources: string[], keyHash: string, createdTime: string }[]} accounts
 */

try {
  await main();
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

async function main() {
  const { positionals, values } = given();
  const [command = '', name = '', ...rest] = positionals;
  const file = resolve(ROOT, values.file || process.env.SERVICE_ACCOUNTS_FILE || inDataDirectory());
  const isWhole = rest.length === 0 && (command === 'list') === (name === '');
  if (command === 'list' && isWhole) return list(read(file));
  if (command === 'create' && isWhole) return await changing(file, (content) => create(content, name, values));
  if (command === 'revoke' && isWhole) return await changing(file, (content) => revoke(content, name));
  throw new Failure(USAGE);
}

function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        source: { type: 'string', multiple: true, default: [] },
        'shown-name': { type: 'string' },
        file: { type: 'string' },
      },
    });
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function inDataDirectory() {
  return join(process.env.DATA_DIRECTORY || '.data', 'service-accounts.json');
}

/**
 * @param {Content} content
 * @param {string} name
 * @param {{ source: string[], 'shown-name'?: string }} options
 */
function create(content, name, { source: sources, 'shown-name': shownName }) {
  if (!/^[!-~]{1,64}$/.test(name)) throw new Failure(`${name}: name it by 1 to 64 printable ASCII characters.`);
  if (content.accounts.some((account) => account.name === name)) {
    throw new Failure(`There is an account ${name} already. Choose another name, or revoke that one first.`);
  }
  if (sources.length === 0) throw new Failure(`Say by --source in whose name ${name} may write.\n${USAGE}`);
  if (shownName !== undefined) addSource(content, sources, shownName);
  for (const source of sources) {
    if (Object.hasOwn(content.sources, source)) continue;
    const known = Object.keys(content.sources);
    throw new Failure(
      `There is no source ${source}${known.length === 0 ? '' : `, but ${known.join(', ')}`}. To make it, say by ` +
        '--shown-name what clients see, for example --shown-name "Billing".',
    );
  }
  const key = `eck_${randomBytes(32).toString('base64url')}`;
  content.accounts.push({
    name,
    sources: [...new Set(sources)],
    keyHash: `sha256:${createHash('sha256').update(key).digest('hex')}`,
    createdTime: new Date().toISOString(),
  });
  return () => {
    console.error(`${name} may write in the name of: ${sources.join(', ')}. Its key, which is shown only now:`);
    console.log(key);
  };
}

/** @param {Content} content @param {readonly string[]} sources @param {string} shownName */
function addSource(content, sources, shownName) {
  const [source = ''] = sources;
  if (sources.length > 1) throw new Failure('--shown-name makes one source: name one, and the others later.');
  if (!/^[!-~]{1,57}$/.test(source)) {
    throw new Failure(`${source}: name a source by 1 to 57 printable ASCII characters.`);
  }
  if (!/^\P{Cc}{1,255}$/u.test(shownName)) throw new Failure('--shown-name: write 1 to 255 characters.');
  if (Object.hasOwn(content.sources, source)) {
    throw new Failure(`The source ${source} is there already: leave --shown-name out. To rename it, change the file.`);
  }
  content.sources[source] = { shownName };
}

/** @param {Content} content @param {string} name */
function revoke(content, name) {
  const at = content.accounts.findIndex((account) => account.name === name);
  if (at === -1) throw new Failure(`There is no account ${name}. See: npm run service-account -- list`);
  content.accounts.splice(at, 1);
  return () => console.error(`The key of ${name} is good for nothing within 5 s.`);
}

/** @param {Content} content */
function list({ sources, accounts }) {
  for (const { name, sources: allowed, createdTime } of accounts) {
    const shown = allowed.map((source) => `${source} (${sources[source]?.shownName})`);
    console.log(`${name.padEnd(24)} ${createdTime.slice(0, 10)}  ${shown.join(', ')}`);
  }
  if (accounts.length === 0) console.log('There is no service account.');
}

/**
 * Reads, changes and writes, one command at a time. The change answers what to tell once it is written.
 * @param {string} file
 * @param {(content: Content) => () => void} change
 */
async function changing(file, change) {
  mkdirSync(dirname(file), { recursive: true });
  const turn = await lock(`${file}.lock`, 'npm run service-account', () => {});
  try {
    const content = read(file);
    const tell = change(content);
    write(file, content);
    tell();
  } finally {
    turn.release();
  }
}

/** @param {string} file @returns {Content} */
function read(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { sources: {}, accounts: [] };
    throw new Failure(`Cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
  try {
    const content = JSON.parse(text);
    if (typeof content.sources === 'object' && Array.isArray(content.accounts)) return content;
  } catch {
    // Said below.
  }
  throw new Failure(`${file} is not a file of service accounts; mend it, or name another by --file.`);
}

/**
 * Whole or not at all: a service that reads meanwhile sees the old file or the new one.
 * @param {string} file
 * @param {Content} content
 */
function write(file, content) {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    const before = statSync(file, { throwIfNoEntry: false });
    // Whose it was: root may run this for the account of the service.
    if (before !== undefined && before.uid !== process.getuid?.()) chownSync(draft, before.uid, before.gid);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new Failure(`Cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
