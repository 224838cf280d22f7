import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../scripts/services/mariadb.mjs';
import { ROOT } from '../scripts/root.mjs';

/** A port that nobody uses now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * One replica of the service on a MariaDB of its own (innodb_flush_log_at_trx_commit = 1), with the embedded platform
 * and, unless `settings` name one, no broker.
 * @param {Readonly<Record<string, string>>} [settings] of config.ts
 */
export async function startDeployment(settings = {}) {
  const database = await startMariadb();
  const directory = await mkdtemp(join(tmpdir(), 'energy-chat-bench-'));
  const connection = await createConnection(database.url);
  await connection.query('CREATE DATABASE chat_bench');
  const [[server]] = await connection.query(
    'SELECT @@innodb_flush_log_at_trx_commit AS flush, @@innodb_buffer_pool_size AS pool, VERSION() AS version',
  );
  await connection.end();
  const [grpc, metrics] = [await freePort(), await freePort()];
  const service = spawn(process.execPath, [join(ROOT, 'chat-service', 'dist', 'main.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ROLE_MAP: '0=client,1=admin',
      DATABASE_URL: `${database.url}/chat_bench`,
      DATA_DIRECTORY: directory,
      GRPC_ADDRESS: `127.0.0.1:${grpc}`,
      METRICS_ADDRESS: `127.0.0.1:${metrics}`,
      ACCESS_TOKEN_SECONDS: '3600',
      LOG_LEVEL: 'warn',
      ...settings,
    },
  });
  const exposition = async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  for (let attempt = 0; ; attempt += 1) {
    const ready = await fetch(`http://127.0.0.1:${metrics}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (attempt > 300) throw new Error('The service did not become ready within 30 s');
    await wait(100);
  }
  return {
    address: `127.0.0.1:${grpc}`,
    servicePid: service.pid,
    databasePid: database.pid,
    settings: server,
    databaseUrl: `${database.url}/chat_bench`,
    /** One figure of the service's metrics. */
    async figure(name) {
      const line = (await exposition()).split('\n').find((text) => text.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1) ?? NaN);
    },
    async stop() {
      const ended = new Promise((resolve) => service.once('exit', resolve));
      service.kill('SIGTERM');
      await ended;
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
