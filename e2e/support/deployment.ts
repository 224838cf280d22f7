import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { brokerServers, mysqlServers } from '../../chat-service/src/several-servers.js';
import { createPlatformFixture, type PlatformFixture } from '../../chat-service/src/testing/platform-fixture.js';
import { ownFolder } from '../../scripts/services/server-process.mjs';
import { Replica } from './replica.js';
import { Undo } from './undo.js';

/** Short, so that the tests that wait for one heartbeat are short; 25 s in production. */
export const HEARTBEAT_SECONDS = 2;

export interface Servers {
  /** Of an account that may create schemas. Several are nodes of one cluster: each replica is at another. */
  readonly mysqlUrl: string;
  /** Of a virtual host that nobody else uses; several as above. */
  readonly brokerUrl: string;
}

/** Of config.ts. */
export type Settings = Readonly<Record<string, string>>;

export interface DeploymentOptions {
  /** Of the replicas, at least two; `one` and `two` unless given. */
  readonly names?: readonly string[];
  /** What a replica is started with instead of what all are. */
  readonly settingsOf?: (name: string, settings: Settings) => Settings;
}

/** Replicas over one chat schema, one platform and one broker, as in production but for the balancer. */
export class Deployment {
  private constructor(
    /** Two, or as many as were asked for. */
    readonly replicas: readonly Replica[],
    readonly platform: PlatformFixture,
    /** The chat's own. */
    readonly schema: string,
    private readonly database: Pool,
    private readonly undo: Undo,
  ) {}

  static async start(servers: Servers, options: DeploymentOptions = {}): Promise<Deployment> {
    const undo = new Undo();
    try {
      return await Deployment.build(servers, options, undo);
    } catch (error) {
      await undo.all();
      throw error;
    }
  }

  private static async build(
    servers: Servers,
    { names = ['one', 'two'], settingsOf = (_, settings) => settings }: DeploymentOptions,
    undo: Undo,
  ): Promise<Deployment> {
    const schema = `chat_${randomBytes(6).toString('hex')}`;
    const [mysqlUrl, ...otherNodes] = mysqlServers(servers.mysqlUrl);
    // A pool: a node that is killed takes its connections along.
    const database = createPool(mysqlUrl);
    undo.later(() => database.end());
    await database.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    undo.later(() => database.query(`DROP DATABASE ${schema}`));
    const platform = await createPlatformFixture(mysqlUrl);
    undo.later(() => platform.close());
    const folder = ownFolder('e2e');
    undo.later(async () => folder.release());
    for (const node of otherNodes) await awaitNode(node);
    const settings = {
      DATA_DIRECTORY: folder.path,
      HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
      DRAIN_SECONDS: '2',
      ...makeKeys(folder.path),
    };
    const replicas: Replica[] = [];
    for (const [index, name] of names.entries()) {
      const nodes = {
        mysql: fromNode(mysqlServers(servers.mysqlUrl), index),
        broker: fromNode(brokerServers(servers.brokerUrl), index),
      };
      const own = settingsOf(name, {
        DATABASE_URL: atNodes(mysqlUrl, nodes.mysql, schema),
        PLATFORM_DATABASE_URL: atNodes(platform.url, nodes.mysql, new URL(platform.url).pathname.slice(1)),
        RABBITMQ_URL: nodes.broker.join(','),
        ...settings,
      });
      const replica = await Replica.make(name, folder.path, own);
      undo.later(() => replica.kill());
      replicas.push(replica);
    }
    // At once: which of them changes the tables is for them to settle.
    await Promise.all(replicas.map((replica) => replica.start()));
    return new Deployment(replicas, platform, schema, database, undo);
  }

  get one(): Replica {
    return this.replica(0);
  }

  get two(): Replica {
    return this.replica(1);
  }

  get logs(): string {
    return this.replicas.map(({ log }) => log).join('\n');
  }

  /** Reads the chat's own schema. */
  async query(sql: string, parameters: readonly (string | number)[] = []): Promise<RowDataPacket[]> {
    const connection = await this.database.getConnection();
    try {
      await connection.query(`USE ${this.schema}`);
      const [rows] = await connection.query<RowDataPacket[]>(sql, [...parameters]);
      return rows;
    } finally {
      connection.release();
    }
  }

  /** Ends the replicas and leaves nothing behind. */
  async close(): Promise<void> {
    await this.undo.all();
  }

  private replica(index: number): Replica {
    const replica = this.replicas[index];
    if (replica === undefined) throw new Error('There is no such replica.');
    return replica;
  }
}

/** The nodes in the order in which a replica tries them: it begins at its own. */
function fromNode(nodes: readonly string[], index: number): string[] {
  const own = index % nodes.length;
  return [...nodes.slice(own), ...nodes.slice(0, own)];
}

/** `mysql://…@one,two,three/schema` by the account of `url`. */
function atNodes(url: string, nodes: readonly string[], schema: string): string {
  const { username, password } = new URL(url);
  return `mysql://${username}:${password}@${nodes.map((node) => new URL(node).host).join(',')}/${schema}`;
}

/** Until a node of a cluster has what was made at another. */
async function awaitNode(url: string): Promise<void> {
  const connection = await createConnection(url);
  await connection.query('SET SESSION wsrep_sync_wait = 1');
  await connection.query('SELECT 1');
  await connection.end();
}

/** The keys that all replicas share. */
function makeKeys(folder: string): Record<string, string> {
  const signing = join(folder, 'signing.pem');
  const refresh = join(folder, 'refresh.key');
  const { privateKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(signing, privateKey, { mode: 0o600 });
  writeFileSync(refresh, randomBytes(32), { mode: 0o600 });
  return { SIGNING_KEY_FILES: signing, REFRESH_KEY_FILE: refresh };
}
