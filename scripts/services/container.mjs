import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.mjs';
import { guard } from '../guard.mjs';
import { run } from '../run.mjs';

/** Pulling an image may take long on a slow line. */
const PULL_LIMIT_MS = 10 * 60_000;

/**
 * A container that ends with this process; its port is on loopback.
 * @param {string} engine
 * @param {{ image: string, port: number, inside: number, env: Readonly<Record<string, string>>, args?: readonly string[] }} wanted
 */
export async function startContainer(engine, { image, port, inside, env, args = [] }) {
  const name = `energy-chat-${randomBytes(6).toString('hex')}`;
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const safe = guard({ container: name, engine });
  const options = ['-d', '--name', name, '-p', `127.0.0.1:${port}:${inside}`, ...variables];
  const { code, output } = await run(engine, ['run', ...options, image, ...args], { limitMs: PULL_LIMIT_MS });
  /** @param {string[]} command */
  const must = async (...command) => {
    const result = await run(engine, command, { limitMs: 60_000 });
    if (result.code !== 0) throw new Failure(`${engine} ${command.join(' ')} failed.`, result.output);
    return result.output;
  };
  const remove = async () => {
    await run(engine, ['rm', '-f', '-v', name]);
    safe();
  };
  if (code !== 0) {
    await remove();
    throw new Failure(`${engine} could not run ${image}.`, output);
  }
  return {
    remove,
    stop: () => must('stop', '-t', '20', name),
    kill: () => must('kill', name),
    start: () => must('start', name),
    /** A command inside. @param {readonly string[]} command */
    run: async (command) => void (await must('exec', name, ...command)),
    log: async () => (await run(engine, ['logs', '--tail', '15', name])).output,
  };
}
