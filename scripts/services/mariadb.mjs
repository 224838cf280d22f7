import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../failure.mjs';
import { run } from '../run.mjs';
import { startContainer } from './container.mjs';
import { freePort, openDoor, speaks, until } from './network.mjs';
import { startOwn } from './part.mjs';
import { findProgram, isRoot } from './programs.mjs';
import { giveTo, lastLines, ownFolder, startProcess, systemUser } from './server-process.mjs';

const IMAGE = 'mysql:8.4';
const BOOT_LIMIT_MS = 90_000;
const FORMULAE = ['mariadb', 'mysql', 'mysql@8.4'];

/** Durable as in production: a commit that was acknowledged survives a crash. */
export const SETTINGS = [
  '--innodb-flush-log-at-trx-commit=1',
  '--character-set-server=utf8mb4',
  '--max-connections=500',
];

/** @type {import('./part.mjs').Part} */
export const mariadb = {
  name: 'MariaDB or MySQL',
  variable: 'TEST_MYSQL_URL',
  useUrl,
  reachThroughDoor,
  findProgram: () => findProgram(['mariadbd', 'mysqld'], [], FORMULAE),
  startProgram,
  startInContainer,
  aptPackages: ['mariadb-server'],
  cures: {
    debian: 'sudo apt-get install --no-install-recommends mariadb-server (or start Docker)',
    macos: 'brew install mariadb (or start Docker Desktop)',
    windows: 'start Docker Desktop',
    other: 'install mariadbd 10.11 or mysqld 8 by your package manager, or start Docker or Podman',
  },
};

/**
 * A database server of one's own: see `startOwn`.
 * @param {{ dir?: string }} [options]
 */
export async function startMariadb(options) {
  return await startOwn(mariadb, options);
}

/** The server opens the conversation: a packet of protocol 10. */
export const GREETING = { isRight: (/** @type {Buffer} */ answer) => answer[4] === 10 };

/** @param {string} program @param {{ dir?: string }} options @returns {Promise<import('./server.d.mts').Server & { pid: number }>} */
async function startProgram(program, options) {
  const folder = ownFolder('mariadb', options.dir);
  const data = join(folder.path, 'data');
  const log = join(folder.path, 'server.log');
  const password = randomBytes(16).toString('hex');
  const port = await freePort();
  const url = `mysql://root:${password}@127.0.0.1:${port}`;
  const user = isRoot() ? (systemUser('mysql') ? 'mysql' : 'root') : undefined;
  const owner = user === 'mysql' ? systemUser('mysql') : undefined;
  if (owner !== undefined) giveTo(folder.path, owner);
  const asUser = user === undefined ? [] : [`--user=${user}`];
  if (!existsSync(join(data, 'mysql'))) await makeData(program, data, asUser, owner);
  const first = join(folder.path, 'first.sql');
  writeFileSync(first, accounts(password), { mode: 0o600 });
  if (owner !== undefined) giveTo(first, owner);

  const args = [
    '--no-defaults',
    ...asUser,
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder.path, 's.sock')}`,
    `--pid-file=${join(folder.path, 'server.pid')}`,
    `--init-file=${first}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--loose-mysqlx=OFF',
    ...SETTINGS,
  ];
  // A server that starts deletes what it takes for its own leftovers, and would find its neighbour's in a shared one.
  const env = { ...process.env, TMPDIR: folder.path };
  const boot = async () => {
    const running = startProcess(program, args, { cwd: folder.path, env, log });
    // It listens only after it has run its first statements.
    const isUp = () => speaks('127.0.0.1', port, GREETING);
    if (await until(isUp, { limitMs: BOOT_LIMIT_MS, isHopeless: running.isGone })) return running;
    await running.kill();
    throw new Failure(`${program} did not start.`, lastLines(log));
  };
  let running;
  try {
    running = await boot();
  } catch (error) {
    folder.release();
    throw error;
  }
  return {
    url,
    source: `${versionOf(program)} (${program})`,
    get pid() {
      return running.pid;
    },
    stop: () => running.end(30_000),
    kill: () => running.kill(),
    start: async () => {
      running = await boot();
    },
    close: async () => {
      await running.end(options.dir === undefined ? 3_000 : 30_000);
      folder.release();
    },
  };
}

/**
 * @param {string} program
 * @param {string} data
 * @param {readonly string[]} asUser
 * @param {{ uid: number, gid: number } | undefined} owner
 */
export async function makeData(program, data, asUser, owner) {
  mkdirSync(data, { recursive: true });
  if (owner !== undefined) giveTo(data, owner);
  const common = ['--no-defaults', ...asUser, `--datadir=${data}`];
  const env = { TMPDIR: dirname(data) };
  const installer = findProgram(['mariadb-install-db', 'mysql_install_db'], [dirname(program), '/usr/bin'], FORMULAE);
  const isMariadb = /mariadb/i.test(versionOf(program));
  if (isMariadb && installer === undefined) throw new Failure(`${program} is here, but mariadb-install-db is not.`);
  const { code, output } =
    isMariadb && installer !== undefined
      ? await run(installer, [...common, '--auth-root-authentication-method=normal', '--skip-test-db'], { env })
      : await run(program, [...common, '--initialize-insecure'], { env });
  if (code !== 0) throw new Failure(`${program} could not make its data folder.`, output);
}

/** First statements of a server: what its one account may do. @param {string} password */
export function accounts(password) {
  // The file is read as one statement a line.
  return [
    `CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

/** @param {string} program */
export function versionOf(program) {
  const text = spawnSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' }).stdout ?? '';
  const version = /Ver ([\d.]+)(-MariaDB)?/.exec(text);
  if (version === null) return basename(program);
  return `${version[2] === undefined && !/mariadb/i.test(text) ? 'MySQL' : 'MariaDB'} ${version[1]}`;
}

/** @param {string} engine @returns {Promise<import('./server.d.mts').Server>} */
async function startInContainer(engine) {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const container = await startContainer(engine, {
    image: IMAGE,
    port,
    inside: 3306,
    env: { MYSQL_ROOT_PASSWORD: password },
    args: SETTINGS,
  });
  const up = async () => {
    if (await until(() => speaks('127.0.0.1', port, GREETING), { limitMs: BOOT_LIMIT_MS })) return;
    throw new Failure(`${IMAGE} did not start.`, await container.log());
  };
  try {
    await up();
  } catch (error) {
    await container.remove();
    throw error;
  }
  return {
    url: `mysql://root:${password}@127.0.0.1:${port}`,
    source: `${IMAGE} by ${engine}`,
    stop: async () => void (await container.stop()),
    kill: async () => void (await container.kill()),
    start: async () => {
      await container.start();
      await up();
    },
    close: container.remove,
  };
}

/** @returns {Promise<import('./server.d.mts').Server>} */
async function useUrl() {
  const url = await given();
  const refuse = async () => {
    throw new Failure('The database named by TEST_MYSQL_URL is not ours to stop; use startMariadb().');
  };
  return {
    url: url.href,
    source: `TEST_MYSQL_URL (${url.host})`,
    stop: refuse,
    kill: refuse,
    start: refuse,
    // The specs make databases of their own there and drop them.
    close: async () => {},
  };
}

/** @returns {Promise<import('./server.d.mts').Server>} */
async function reachThroughDoor() {
  const url = await given();
  const door = await openDoor({ host: url.hostname, port: Number(url.port || 3306), tls: false });
  const near = new URL(url.href);
  near.hostname = '127.0.0.1';
  near.port = String(door.port);
  const shut = async () => void (await door.shut());
  return {
    url: near.href,
    source: `TEST_MYSQL_URL (${url.host}) behind a door`,
    stop: shut,
    kill: shut,
    start: async () => void (await door.open()),
    close: shut,
  };
}

async function given() {
  const text = process.env.TEST_MYSQL_URL ?? '';
  if (!URL.canParse(text) || !text.startsWith('mysql://')) {
    throw new Failure('TEST_MYSQL_URL is not a URL such as mysql://root:secret@127.0.0.1:3306.');
  }
  const url = new URL(text);
  if (!(await speaks(url.hostname, Number(url.port || 3306), GREETING))) {
    throw new Failure(`TEST_MYSQL_URL: no MySQL or MariaDB answers at ${url.host}. Start it, or unset the variable.`);
  }
  return url;
}
