import { Failure } from '../failure.mjs';
import { canInstallByApt, installByApt } from './apt.mjs';
import { findEngine, systemKind } from './programs.mjs';

/** @typedef {import('./server.d.mts').Server} Server */

/**
 * One kind of server and the ways to get it.
 * @typedef {object} Part
 * @property {string} name
 * @property {string} variable the variable whose URL goes before everything else
 * @property {() => Promise<Server>} useUrl by that URL
 * @property {() => Promise<Server>} reachThroughDoor by that URL, with a door in front that `stop` shuts
 * @property {() => string | undefined} findProgram
 * @property {(program: string, options: { dir?: string }) => Promise<Server>} startProgram
 * @property {(engine: string) => Promise<Server>} startInContainer
 * @property {readonly string[]} aptPackages
 * @property {Readonly<Record<'debian' | 'macos' | 'windows' | 'other', string>>} cures
 */

/**
 * Gets each part from the first source that works: its URL, a program of this system, a container, apt.
 * @param {readonly Part[]} parts
 * @param {(text: string) => void} say
 * @returns {Promise<Server[]>} in the order of the parts
 */
export async function provide(parts, say) {
  const engine = parts.some(needsContainer) ? findEngine() : undefined;
  const lacking = parts.filter((part) => needsContainer(part) && engine === undefined);
  if (lacking.length > 0 && canInstallByApt()) {
    const packages = lacking.flatMap((part) => part.aptPackages);
    say(`  … installing ${packages.join(', ')} by apt-get (no service is started)`);
    await installByApt(packages);
  }
  const missing = parts.filter((part) => needsContainer(part) && engine === undefined);
  if (missing.length > 0) throw missingParts(missing, []);
  const results = await Promise.allSettled(parts.map((part) => provideOne(part, engine, say)));
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    await Promise.all(servers.map((server) => server.close()));
    throw failure.reason;
  }
  return servers;
}

/**
 * Starts a server that the caller may stop, kill and start again. Only where none can be started, the one named by URL
 * serves, behind a door that `stop` and `kill` shut.
 * @param {Part} part
 * @param {{ dir?: string }} [options] `dir` is kept when it ends
 */
export async function startOwn(part, options = {}) {
  const program = part.findProgram();
  if (program !== undefined) return await part.startProgram(program, options);
  const engine = findEngine();
  if (engine !== undefined) return await part.startInContainer(engine);
  if (isGiven(part)) return await part.reachThroughDoor();
  throw missingParts([part], []);
}

/** @param {Part} part @param {string | undefined} engine @param {(text: string) => void} say */
async function provideOne(part, engine, say) {
  // A URL that was asked for and does not work is an error, not a reason to test something else.
  if (isGiven(part)) return await part.useUrl();
  const reasons = [];
  const program = part.findProgram();
  if (program !== undefined) {
    try {
      return await part.startProgram(program, {});
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  const container = engine ?? findEngine();
  if (container !== undefined) {
    if (reasons.length > 0) say(`  … ${part.name}: ${program} did not work, trying ${container}`);
    try {
      return await part.startInContainer(container);
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  throw missingParts([part], reasons);
}

/** @param {Part} part */
function isGiven(part) {
  return (process.env[part.variable] ?? '') !== '';
}

/** @param {Part} part */
function needsContainer(part) {
  return !isGiven(part) && part.findProgram() === undefined;
}

/** @param {readonly Part[]} parts @param {readonly string[]} reasons */
function missingParts(parts, reasons) {
  const lines = parts.map((part) => `  ${part.name}: ${part.cures[systemKind()]}\n    or set ${part.variable}.`);
  return new Failure(`The tests need real servers, and these are missing:\n${lines.join('\n')}`, reasons.join('\n'));
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof Failure) return `${error.message}\n${error.output}`;
  return error instanceof Error ? error.message : String(error);
}
