import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { brokerServers, mysqlServers } from '../several-servers.js';

const SERVERS = {
  TEST_MYSQL_URL: {
    example: 'an account that may create databases, for example mysql://root:secret@127.0.0.1:3306',
    split: mysqlServers,
  },
  TEST_RABBITMQ_URL: {
    example: 'a virtual host that this run owns, for example amqp://guest:guest@127.0.0.1:5672/test',
    split: brokerServers,
  },
};

/**
 * The URLs of real servers for a spec that needs one; `npm test` starts the servers and sets them. Several are nodes of
 * one cluster (`npm run test:cluster`).
 */
function testServers(variable: keyof typeof SERVERS): string[] {
  const { example, split } = SERVERS[variable];
  const setting = process.env[variable] ?? '';
  if (setting === '') throw new Error(`${variable} is not set: run npm test, or give ${example}.`);
  return split(setting);
}

/** The first of them. */
export function testServer(variable: keyof typeof SERVERS): string {
  const [first] = testServers(variable);
  if (first === undefined) throw new Error(`${variable} names no server`);
  return first;
}

/** A new, empty database on the test server; `drop` ends it. */
export interface EmptyDatabase {
  readonly url: string;
  /** The same by another node, where TEST_MYSQL_URL names several. */
  readonly otherUrl: string;
  drop(): Promise<void>;
}

export async function emptyMysqlDatabase(): Promise<EmptyDatabase> {
  const server = testServer('TEST_MYSQL_URL');
  const other = testServers('TEST_MYSQL_URL')[1];
  const name = `chat_test_${randomBytes(6).toString('hex')}`;
  await run(server, [`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`]);
  // Until it is there too.
  if (other !== undefined) await run(other, ['SET SESSION wsrep_sync_wait = 1', 'SELECT 1']);
  return {
    url: withSchema(server, name),
    otherUrl: withSchema(other ?? server, name),
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
