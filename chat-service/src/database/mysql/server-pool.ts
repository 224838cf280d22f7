import { connect } from 'node:net';
import mysql from 'mysql2';

/** A server that failed is the last choice for so long, in milliseconds. */
const AVOIDED = 10_000;

/** How a pool's connections begin. */
export interface ConnectionStart {
  /** Statements that every connection runs first. */
  readonly statements: readonly string[];
  /** The same, where the engine knows what they set. */
  readonly optional: readonly string[];
  /** True where a server that is read-only is of no use while there is another. */
  readonly writes: boolean;
  /** How long each of them may take, in milliseconds. */
  readonly timeout: number;
}

interface Server {
  readonly host: string;
  readonly port: number;
  /** When it last failed, by performance.now(). */
  failedAt: number;
}

interface Life {
  readonly server: Server;
  /** When it was last found good. */
  provenAt: number;
}

/** Of every connection of these pools, by its own copy of the configuration. */
const lives = new WeakMap<object, Life>();

/**
 * A mysql2 pool over the servers of one cluster.
 *
 * A new connection goes to the first server that has not failed within 10 s, in the order of `urls`; one that cannot be
 * reached, or refuses its first statements (a Galera node that is not synced answers 1047 to everything), costs a try
 * at the next. A connection is handed out when its first statements have succeeded, again after its server was
 * suspected, and not any more once a server that goes before may be tried again.
 */
export function serverPool(urls: readonly string[], options: mysql.PoolOptions, start: ConnectionStart): mysql.Pool {
  const servers = urls.map((url): Server => {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3306), failedAt: -Infinity };
  });
  /** Where the connection goes that was asked for last: the pool makes it before `getConnection` answers. */
  let chosen: Server | undefined;
  const pool = mysql.createPool({
    ...options,
    stream: ({ config }: { config: object }) => {
      const server = choose(servers);
      chosen = server;
      lives.set(config, { server, provenAt: -Infinity });
      return connect({ host: server.host, port: server.port, keepAlive: true, noDelay: true });
    },
  });
  const take = pool.getConnection.bind(pool);
  pool.getConnection = (callback) => {
    let triesLeft = servers.length;
    const again = (
      error: NodeJS.ErrnoException,
      server: Server | undefined,
      connection: mysql.PoolConnection,
    ): void => {
      if (server !== undefined) server.failedAt = performance.now();
      triesLeft -= 1;
      if (triesLeft > 0 && server !== undefined) tryOnce();
      else callback(error, connection);
    };
    const tryOnce = (): void => {
      chosen = undefined;
      take((error, connection) => {
        if (error) {
          again(error, server, connection);
          return;
        }
        const life = lives.get(connection.config);
        if (life !== undefined && life.server !== choose(servers)) {
          // A server that goes before it is back.
          connection.destroy();
          tryOnce();
          return;
        }
        if (life === undefined || life.provenAt > life.server.failedAt) {
          callback(null, connection);
          return;
        }
        prove(connection, { ...start, writes: start.writes && servers.length > 1 }).then(
          () => {
            life.provenAt = performance.now();
            callback(null, connection);
          },
          (refusal: unknown) => {
            connection.destroy();
            const error =
              refusal instanceof Error ? refusal : new Error('A connection did not begin', { cause: refusal });
            again(error, life.server, connection);
          },
        );
      });
      const server = chosen;
    };
    tryOnce();
  };
  return pool;
}

/** Gives a connection up, and looks at its server again before anything else of it is used. */
export function giveUpConnection(connection: mysql.PoolConnection): void {
  const life = lives.get(connection.config);
  if (life !== undefined) life.server.failedAt = performance.now();
  connection.destroy();
}

/** The first that has not failed lately; else the one that failed longest ago. */
function choose(servers: readonly Server[]): Server {
  const since = performance.now() - AVOIDED;
  const good = servers.find(({ failedAt }) => failedAt < since);
  const chosen = good ?? servers.toSorted((one, other) => one.failedAt - other.failedAt)[0];
  if (chosen === undefined) throw new Error('A pool needs a server');
  return chosen;
}

async function prove(connection: mysql.PoolConnection, start: ConnectionStart): Promise<void> {
  const run = (sql: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connection.query({ sql, timeout: start.timeout }, (error, rows) => {
        if (error) reject(error);
        else resolve(rows);
      });
    });
  const ignored = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') throw error;
  };
  await Promise.all([
    ...start.statements.map(run),
    ...start.optional.map((sql) => run(sql).catch(ignored)),
    run(`SELECT 1 FROM DUAL WHERE ${start.writes ? '@@global.read_only = 0' : '1 = 1'}`).then((rows) => {
      if (Array.isArray(rows) && rows.length === 1) return;
      throw Object.assign(new Error('This server is read-only'), { code: 'ER_OPTION_PREVENTS_STATEMENT' });
    }),
  ]);
}
