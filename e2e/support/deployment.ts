import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { createPlatformFixture, type PlatformFixture } from '../../chat-service/src/testing/platform-fixture.js';
import { ownFolder } from '../../scripts/services/server-process.mjs';
import { Replica } from './replica.js';
import { Undo } from './undo.js';

/** Short, so that the tests that wait for one heartbeat are short; 25 s in production. */
export const HEARTBEAT_SECONDS = 2;

/** Of config.ts. */
export type Settings = Readonly<Record<string, string>>;

export interface DeploymentOptions {
  /** Of replicas beyond `one` and `two`. */
  readonly more?: readonly string[];
  /** What a replica is started with instead of what all are. */
  readonly settingsOf?: (name: string, settings: Settings) => Settings;
}

/** Replicas over one chat schema, one platform and one broker, as in production but for the balancer. */
export class Deployment {
  private constructor(
    readonly one: Replica,
    readonly two: Replica,
    /** All, `one` and `two` first. */
    readonly replicas: readonly Replica[],
    readonly platform: PlatformFixture,
    private readonly database: Pool,
    private readonly undo: Undo,
  ) {}

  /** `mysqlUrl` is of an account that may create schemas; `brokerUrl` of a virtual host that nobody else uses. */
  static async start(
    servers: { mysqlUrl: string; brokerUrl: string },
    options: DeploymentOptions = {},
  ): Promise<Deployment> {
    const undo = new Undo();
    try {
      return await Deployment.build(servers, options, undo);
    } catch (error) {
      await undo.all();
      throw error;
    }
  }

  private static async build(
    { mysqlUrl, brokerUrl }: { mysqlUrl: string; brokerUrl: string },
    { more = [], settingsOf = (_, settings) => settings }: DeploymentOptions,
    undo: Undo,
  ): Promise<Deployment> {
    const schema = `chat_${randomBytes(6).toString('hex')}`;
    const databaseUrl = new URL(mysqlUrl);
    databaseUrl.pathname = `/${schema}`;
    // Pools, because a server that was killed takes its connections along.
    const server = createPool({ uri: mysqlUrl, connectionLimit: 1 });
    undo.later(() => server.end());
    await server.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    undo.later(() => server.query(`DROP DATABASE ${schema}`));
    const database = createPool({ uri: databaseUrl.href, connectionLimit: 1 });
    undo.later(() => database.end());
    const platform = await createPlatformFixture(mysqlUrl);
    undo.later(() => platform.close());
    const folder = ownFolder('e2e');
    undo.later(async () => folder.release());
    const settings = {
      DATABASE_URL: databaseUrl.href,
      PLATFORM_DATABASE_URL: platform.url,
      RABBITMQ_URL: brokerUrl,
      DATA_DIRECTORY: folder.path,
      HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
      DRAIN_SECONDS: '2',
      ...makeKeys(folder.path),
    };
    const make = async (name: string): Promise<Replica> => {
      const replica = await Replica.make(name, folder.path, settingsOf(name, settings));
      undo.later(() => replica.kill());
      return replica;
    };
    const [one, two] = [await make('one'), await make('two')];
    const replicas = [one, two];
    for (const name of more) replicas.push(await make(name));
    // At once: which of them changes the tables is for them to settle.
    await Promise.all(replicas.map((replica) => replica.start()));
    return new Deployment(one, two, replicas, platform, database, undo);
  }

  get logs(): string {
    return this.replicas.map(({ log }) => log).join('\n');
  }

  /** Reads the chat's own schema. */
  async query(sql: string, parameters: readonly (string | number)[] = []): Promise<RowDataPacket[]> {
    const [rows] = await this.database.query<RowDataPacket[]>(sql, [...parameters]);
    return rows;
  }

  /** Ends the replicas and leaves nothing behind. */
  async close(): Promise<void> {
    await this.undo.all();
  }
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
