import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { signalGroup } from '../guard.mjs';
import { run } from '../run.mjs';
import { accounts, GREETING, makeData, SETTINGS, versionOf } from './mariadb.mjs';
import { freePort, speaks, until } from './network.mjs';
import { findProgram, isRoot } from './programs.mjs';
import { giveTo, lastLines, ownFolder, startProcess, systemUser } from './server-process.mjs';

/** @typedef {import('./server.d.mts').Server & { pid: number }} Node */

const NODES = ['one', 'two', 'three'];
/** With the copy of a whole data folder. */
const BOOT_LIMIT_MS = 120_000;
const PROVIDERS = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so'];

/** What a program of this system must bring. */
export const galera = {
  name: 'MariaDB Galera',
  aptPackages: ['mariadb-server', 'galera-4', 'rsync', 'lsof'],
  isHere: () => parts() !== undefined,
  cure: 'sudo apt-get install --no-install-recommends mariadb-server galera-4 rsync lsof',
};

function parts() {
  const program = findProgram(['mariadbd']);
  const client = findProgram(['mariadb', 'mysql']);
  const rsync = findProgram(['rsync']);
  const provider = PROVIDERS.find((file) => existsSync(file));
  if (program === undefined || client === undefined || rsync === undefined || provider === undefined) return undefined;
  return { program, client, provider };
}

/**
 * Three nodes of MariaDB Galera on loopback, each of which may be killed and started again while another one lives. They
 * run as an unprivileged user: as root, rsync could not hand a data folder over.
 * @returns {Promise<{ nodes: readonly Node[], source: string, close: () => Promise<void> }>}
 */
export async function startGalera() {
  const found = parts();
  if (found === undefined) throw new Failure(`${galera.name} is missing: ${galera.cure}`);
  const owner = isRoot() ? (systemUser('mysql') ?? systemUser('nobody')) : undefined;
  const folder = ownFolder('galera');
  if (owner !== undefined) giveTo(folder.path, owner);
  const password = randomBytes(16).toString('hex');
  const members = [];
  for (const name of NODES) members.push({ name, port: await freePort(), group: await freePort() });
  const address = `gcomm://${members.map(({ group }) => `127.0.0.1:${group}`).join(',')}`;
  /** @type {Node[]} */
  const nodes = [];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.close()));
    folder.release();
  };
  try {
    for (const member of members) {
      nodes.push(
        await startNode(
          { ...found, ...member, owner, password, address, folder: join(folder.path, member.name) },
          nodes.length === 0,
        ),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { nodes, source: `${versionOf(found.program)} with Galera (${found.program})`, close };
}

/**
 * @typedef {object} Member
 * @property {string} program
 * @property {string} client
 * @property {string} provider
 * @property {string} name
 * @property {number} port
 * @property {number} group the port of the group's own talk
 * @property {string} address of the group
 * @property {string} password
 * @property {string} folder
 * @property {{ uid: number, gid: number } | undefined} owner
 */

/** @param {Member} member @param {boolean} isFirst @returns {Promise<Node>} */
async function startNode(member, isFirst) {
  const { program, client, provider, name, port, group, address, password, folder, owner } = member;
  const data = join(folder, 'data');
  const log = join(folder, 'server.log');
  const first = join(folder, 'first.sql');
  mkdirSync(data, { recursive: true });
  writeFileSync(first, accounts(password), { mode: 0o600 });
  writeFileSync(log, '');
  if (owner !== undefined) for (const path of [folder, data, first, log]) giveTo(path, owner);
  chmodSync(folder, 0o700);
  // The others get theirs from the first.
  if (isFirst) await makeData(program, data, isRoot() ? ['--user=mysql'] : [], owner);

  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 's.sock')}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    '--skip-name-resolve',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=32M',
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    `--wsrep-provider=${provider}`,
    '--wsrep-on=ON',
    '--wsrep-cluster-name=energy-chat',
    `--wsrep-node-name=${name}`,
    '--wsrep-node-address=127.0.0.1',
    '--wsrep-sst-method=rsync',
    `--wsrep-sst-receive-address=127.0.0.1:${await freePort()}`,
    `--wsrep-provider-options=${[
      `gmcast.listen_addr=tcp://127.0.0.1:${group}`,
      `ist.recv_addr=127.0.0.1:${await freePort()}`,
      'gcache.size=128M',
    ].join(';')}`,
    ...SETTINGS,
  ];
  const env = { ...process.env, HOME: folder, TMPDIR: folder };
  const options = { cwd: folder, env, log, owner };
  const isReady = async () => {
    if (!(await speaks('127.0.0.1', port, GREETING))) return false;
    const sql = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_ready'";
    const login = ['--no-defaults', '--batch', '--skip-column-names', '-h127.0.0.1', `-P${port}`, '-uroot'];
    const { output } = await run(client, [...login, '-e', sql], { env: { MYSQL_PWD: password } });
    return output.trim() === 'ON';
  };
  /** @param {readonly string[]} more */
  const boot = async (more) => {
    const running = startProcess(program, [...args, ...more], options);
    if (await until(isReady, { limitMs: BOOT_LIMIT_MS, isHopeless: running.isGone })) return running;
    await running.kill();
    throw new Failure(`Galera node ${name} did not start.`, lastLines(log, 30));
  };
  /** Where the node stood, so that it is given what it missed and not everything, which would stop the giver meanwhile. */
  const position = async () => {
    const from = statSync(log).size;
    const recovery = startProcess(program, [...args, '--wsrep-recover'], options);
    await until(async () => recovery.isGone(), { limitMs: BOOT_LIMIT_MS });
    await recovery.kill();
    const found = /Recovered position: (\S+)/.exec(readFileSync(log).subarray(from).toString());
    return found?.[1] === undefined ? [] : [`--wsrep-start-position=${found[1]}`];
  };
  const join_ = `--wsrep-cluster-address=${address}`;
  let running = await boot(isFirst ? [`--init-file=${first}`, '--wsrep-cluster-address=gcomm://'] : [join_]);
  return {
    url: `mysql://root:${password}@127.0.0.1:${port}`,
    source: name,
    get pid() {
      return running.pid;
    },
    stop: () => running.end(30_000),
    kill: () => running.kill(),
    start: async () => {
      running = await boot([join_, ...(await position())]);
    },
    close: async () => {
      await running.kill();
      endTransfer(join(data, 'rsync_sst.pid'));
    },
  };
}

/** A node that dies while it is being given its data leaves the receiver behind. @param {string} pidFile */
function endTransfer(pidFile) {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (pid > 1) signalGroup(pid, 'SIGKILL');
}
