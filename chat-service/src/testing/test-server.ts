import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

const SERVERS = {
  TEST_MYSQL_URL: 'an account that may create databases, for example mysql://root:secret@127.0.0.1:3306',
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
export async function emptyMysqlDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = testServer('TEST_MYSQL_URL');
  const name = `chat_test_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const connection = await createConnection(server);
    await connection.query(sql);
    await connection.end();
  };
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`DROP DATABASE ${name}`) };
}
