import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

const SERVERS = {
  TEST_MYSQL_URL: 'an account that may create databases, for example mysql://root:secret@127.0.0.1:3306',
  TEST_MYSQL_URL_OTHER: 'another node of the cluster of TEST_MYSQL_URL',
  TEST_RABBITMQ_URL: 'a virtual host that this run owns, for example amqp://guest:guest@127.0.0.1:5672/test',
};

/** The URL of a real server for a spec that needs one; `npm test` starts the servers and sets them. */
export function testServer(variable: keyof typeof SERVERS): string {
  const url = process.env[variable];
  if (url === undefined || url === '')
    throw new Error(`${variable} is not set: run npm test, or give ${SERVERS[variable]}.`);
  return url;
}

/** A new, empty database on the test server; `drop` ends it. */
export interface EmptyDatabase {
  readonly url: string;
  /** The same by another node, where TEST_MYSQL_URL_OTHER names one of the same cluster (`npm run test:cluster`). */
  readonly otherUrl: string;
  drop(): Promise<void>;
}

export async function emptyMysqlDatabase(): Promise<EmptyDatabase> {
  const server = testServer('TEST_MYSQL_URL');
  const other = process.env['TEST_MYSQL_URL_OTHER'] ?? '';
  const name = `chat_test_${randomBytes(6).toString('hex')}`;
  await run(server, [`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`]);
  // Until it is there too.
  if (other !== '') await run(other, ['SET SESSION wsrep_sync_wait = 1', 'SELECT 1']);
  return {
    url: withSchema(server, name),
    otherUrl: withSchema(other === '' ? server : other, name),
    drop: () => run(server, [`DROP DATABASE ${name}`]),
  };
}

async function run(server: string, statements: readonly string[]): Promise<void> {
  const connection = await createConnection(server);
  for (const sql of statements) await connection.query(sql);
  await connection.end();
}

function withSchema(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
