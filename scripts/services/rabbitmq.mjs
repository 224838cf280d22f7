import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.mjs';
import { run } from '../run.mjs';
import { startContainer } from './container.mjs';
import { freePort, openDoor, speaks, until } from './network.mjs';
import { startOwn } from './part.mjs';
import { findProgram } from './programs.mjs';
import { lastLines, ownFolder, startProcess } from './server-process.mjs';

const IMAGE = 'rabbitmq:4-management';
const BOOT_LIMIT_MS = 120_000;
const CONTROL_LIMIT_MS = 60_000;

/** Debian's program on PATH is a wrapper for its system account; the real one lies here. */
const DEBIAN_FOLDER = '/usr/lib/rabbitmq/bin';

/** @type {import('./part.mjs').Part} */
export const rabbitmq = {
  name: 'RabbitMQ',
  variable: 'TEST_RABBITMQ_URL',
  useUrl,
  reachThroughDoor,
  findProgram: findRabbitmq,
  startProgram,
  startInContainer,
  aptPackages: ['rabbitmq-server'],
  cures: {
    debian: 'sudo apt-get install --no-install-recommends rabbitmq-server (or start Docker)',
    macos: 'brew install rabbitmq (or start Docker Desktop)',
    windows: 'start Docker Desktop',
    other: 'install rabbitmq-server by your package manager, or start Docker or Podman',
  },
};

export function findRabbitmq() {
  return findProgram(['rabbitmq-server'], [DEBIAN_FOLDER], ['rabbitmq']);
}

/**
 * A broker of one's own: see `startOwn`.
 * @param {{ dir?: string }} [options]
 */
export async function startRabbitmq(options) {
  return await startOwn(rabbitmq, options);
}

/** AMQP 0-9-1: the client names the protocol, the server answers with a method frame. */
const HANDSHAKE = {
  opening: Buffer.from('AMQP\0\0\x09\x01', 'latin1'),
  isRight: (/** @type {Buffer} */ answer) => answer[0] === 1,
};

/** @param {string} program @param {{ dir?: string }} options @returns {Promise<import('./server.d.mts').Server & { pid: number }>} */
async function startProgram(program, options) {
  const folder = ownFolder('rabbitmq', options.dir);
  try {
    const mapper = await startMapper(program, folder.path);
    try {
      const name = `energy-chat-${randomBytes(4).toString('hex')}@localhost`;
      const password = randomBytes(16).toString('hex');
      const node = await startNode({ program, folder: folder.path, mapperPort: mapper.port, name, password });
      return {
        ...node,
        get pid() {
          return node.pid;
        },
        close: async () => {
          // Its data goes with it, so there is nothing to wait for.
          if (options.dir === undefined) await node.kill();
          else await node.stop();
          await mapper.end();
          folder.release();
        },
      };
    } catch (error) {
      await mapper.end();
      throw error;
    }
  } catch (error) {
    folder.release();
    throw error;
  }
}

/**
 * The port mapper that Erlang nodes find each other by: one of our own, so that two runs and the system's do not meet.
 * @param {string} program
 * @param {string} folder
 */
export async function startMapper(program, folder) {
  const mapperProgram = findProgram(['epmd'], [], ['erlang']);
  if (mapperProgram === undefined) throw new Failure(`${program} is here, but Erlang's epmd is not.`);
  const port = await freePort();
  const mapper = startProcess(mapperProgram, ['-address', '127.0.0.1', '-port', String(port)], {
    cwd: folder,
    env: { ...withoutRabbitmqSettings(), ...erlangSettings(folder, port) },
    log: join(folder, 'epmd.log'),
  });
  return { port, end: () => mapper.kill() };
}

/**
 * One node, which may be stopped, killed and started again.
 * @param {object} node
 * @param {string} node.program
 * @param {string} node.folder
 * @param {number} node.mapperPort
 * @param {string} node.name
 * @param {string} node.password
 * @param {string} [node.home] of its Erlang cookie, where others share it
 * @param {readonly string[]} [node.settings] lines of rabbitmq.conf
 */
export async function startNode({ program, folder, mapperPort, name, password, home = folder, settings = [] }) {
  const control = findProgram(['rabbitmqctl'], [dirname(program)]);
  const log = join(folder, 'server.log');
  const port = await freePort();
  const file = (/** @type {string} */ fileName, /** @type {string} */ text) => {
    writeFileSync(join(folder, fileName), text, { mode: 0o600 });
    return join(folder, fileName);
  };
  mkdirSync(join(folder, 'log'), { recursive: true });
  const env = {
    ...withoutRabbitmqSettings(),
    ...erlangSettings(home, mapperPort),
    ERL_CRASH_DUMP: join(folder, 'crash.dump'),
    RABBITMQ_NODENAME: name,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'server.pid'),
    RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf', ''),
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins', '[].\n'),
    RABBITMQ_CONFIG_FILE: file(
      'rabbitmq.conf',
      [
        'default_user = test',
        `default_pass = ${password}`,
        'default_permissions.configure = .*',
        'default_permissions.read = .*',
        'default_permissions.write = .*',
        'disk_free_limit.absolute = 50MB',
        ...settings,
        '',
      ].join('\n'),
    ),
  };
  const boot = async () => {
    const running = startProcess(program, [], { cwd: folder, env, log });
    const isUp = () => speaks('127.0.0.1', port, HANDSHAKE);
    if (await until(isUp, { limitMs: BOOT_LIMIT_MS, isHopeless: running.isGone })) return running;
    await running.kill();
    throw new Failure(`${program} did not start.`, lastLines(log));
  };
  let running = await boot();
  return {
    url: `amqp://test:${password}@127.0.0.1:${port}`,
    source: program,
    get pid() {
      return running.pid;
    },
    stop: () => running.end(30_000),
    kill: () => running.kill(),
    start: async () => {
      running = await boot();
    },
    ...(control !== undefined && {
      control: (/** @type {readonly string[]} */ args) => mustControl(control, args, { env }),
    }),
  };
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('../run.mjs').RunOptions} options
 */
async function mustControl(program, args, options) {
  const { code, output } = await run(program, args, { limitMs: CONTROL_LIMIT_MS, ...options });
  if (code !== 0) throw new Failure(`${program} ${args.join(' ')} failed.`, output);
}

/** @param {string} home @param {number} mapperPort */
function erlangSettings(home, mapperPort) {
  return { HOME: home, ERL_EPMD_PORT: String(mapperPort), ERL_EPMD_ADDRESS: '127.0.0.1' };
}

/** Another broker's settings in the environment must not reach ours. */
function withoutRabbitmqSettings() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(RABBITMQ_|ERL_|NOTIFY_SOCKET$)/.test(name)),
  );
}

/** @param {string} engine @returns {Promise<import('./server.d.mts').Server>} */
async function startInContainer(engine) {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const container = await startContainer(engine, {
    image: IMAGE,
    port,
    inside: 5672,
    env: { RABBITMQ_DEFAULT_USER: 'test', RABBITMQ_DEFAULT_PASS: password },
  });
  const up = async () => {
    if (await until(() => speaks('127.0.0.1', port, HANDSHAKE), { limitMs: BOOT_LIMIT_MS })) return;
    throw new Failure(`${IMAGE} did not start.`, await container.log());
  };
  try {
    await up();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return {
    url: `amqp://test:${password}@127.0.0.1:${port}`,
    source: `${IMAGE} by ${engine}`,
    stop: async () => void (await container.stop()),
    kill: async () => void (await container.kill()),
    start: async () => {
      await container.start();
      await up();
    },
    control: (args) => container.run(['rabbitmqctl', ...args]),
    close: container.remove,
  };
}

/** A virtual host that this run makes and deletes, on the broker named by URL. @returns {Promise<import('./server.d.mts').Server>} */
async function useUrl() {
  const url = await given();
  const host = `energy-chat-test-${randomBytes(6).toString('hex')}`;
  await manage(url, 'PUT', `/api/vhosts/${host}`);
  const user = url.username === '' ? 'guest' : url.username;
  const all = { configure: '.*', write: '.*', read: '.*' };
  await manage(url, 'PUT', `/api/permissions/${host}/${user}`, all);
  const own = new URL(url.href);
  own.pathname = `/${host}`;
  const refuse = async () => {
    throw new Failure('The broker named by TEST_RABBITMQ_URL is not ours to stop; use startRabbitmq().');
  };
  return {
    url: own.href,
    source: `TEST_RABBITMQ_URL (${url.host}, virtual host ${host})`,
    stop: refuse,
    kill: refuse,
    start: refuse,
    close: () => manage(url, 'DELETE', `/api/vhosts/${host}`),
  };
}

/** @returns {Promise<import('./server.d.mts').Server>} */
async function reachThroughDoor() {
  const url = await given();
  const tls = url.protocol === 'amqps:';
  const door = await openDoor({ host: url.hostname, port: portOf(url), tls });
  const near = new URL(url.href.replace(/^amqps:/, 'amqp:'));
  near.hostname = '127.0.0.1';
  near.port = String(door.port);
  const shut = async () => void (await door.shut());
  return {
    url: near.href,
    source: `TEST_RABBITMQ_URL (${url.host}) behind a door`,
    stop: shut,
    kill: shut,
    start: async () => void (await door.open()),
    close: shut,
  };
}

async function given() {
  const text = process.env.TEST_RABBITMQ_URL ?? '';
  if (!URL.canParse(text) || !/^amqps?:$/.test(new URL(text).protocol)) {
    throw new Failure('TEST_RABBITMQ_URL is not a URL such as amqp://guest:guest@127.0.0.1:5672.');
  }
  const url = new URL(text);
  // A handshake over TLS is left to the tests.
  if (url.protocol === 'amqp:' && !(await speaks(url.hostname, portOf(url), HANDSHAKE))) {
    throw new Failure(`TEST_RABBITMQ_URL: no RabbitMQ answers at ${url.host}. Start it, or unset the variable.`);
  }
  return url;
}

/** @param {URL} url */
function portOf(url) {
  return Number(url.port || (url.protocol === 'amqps:' ? 5671 : 5672));
}

/**
 * @param {URL} url of the broker: its account is the default one
 * @param {'PUT' | 'DELETE'} method
 * @param {string} path
 * @param {object} [body]
 */
async function manage(url, method, path, body) {
  const base = new URL(process.env.TEST_RABBITMQ_MANAGEMENT_URL ?? `http://${url.hostname}:15672`);
  const account = base.username === '' ? url : base;
  const name = decodeURIComponent(account.username || 'guest');
  const secret = decodeURIComponent(account.password || 'guest');
  let answer;
  try {
    answer = await fetch(new URL(path, base.origin), {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new Failure(
      `The tests make a virtual host of their own on the broker of TEST_RABBITMQ_URL, but its management API does not ` +
        `answer at ${base.origin}. Enable rabbitmq_management there, or set TEST_RABBITMQ_MANAGEMENT_URL.`,
    );
  }
  if (!answer.ok) {
    throw new Failure(
      `${base.origin} answered ${answer.status} to ${method} ${path}. The account must be an administrator; ` +
        `TEST_RABBITMQ_MANAGEMENT_URL may name another: http://name:password@host:15672.`,
    );
  }
}
