import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { canonicalTag } from './identity/language-tag.js';
import { brokerServers, mysqlServers } from './several-servers.js';

/** The only reader of the environment. Every setting is named here, with its unit, its default and what it is for. */

const roleWord = z.enum(['client', 'admin', 'supervisor']);
const address = z
  .string()
  .regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'write host:port, for example 0.0.0.0:9090')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'the port must be 0 to 65535');
const flag = z.enum(['true', 'false'], 'write true or false').transform((text) => text === 'true');
const seconds = (lowest: number, highest: number) => z.coerce.number().min(lowest).max(highest);
const isUrl = (text: string, schemes: readonly string[]): boolean => {
  const parsed = URL.parse(text);
  return parsed !== null && /^[^,]+$/.test(parsed.hostname) && schemes.includes(parsed.protocol.replace(/:$/, ''));
};
const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => isUrl(text, schemes),
      `write a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    );
const mysql = z
  .string()
  .refine(
    (text) => mysqlServers(text).every((server) => isUrl(server, ['mysql'])),
    'write a URL that begins with mysql://; several hosts of a cluster as mysql://user:password@one:3306,two:3306/chat',
  );
const brokers = z
  .string()
  .refine(
    (text) => brokerServers(text).every((server) => isUrl(server, ['amqp', 'amqps'])),
    'write a URL that begins with amqp:// or amqps://; several nodes of a cluster as amqp://user:password@one,amqp://user:password@two',
  );

/** `0=client,1=admin` → role words or ordinals of the platform to the chat's roles. */
const roleMap = z.string().transform((text, context) => {
  const map = new Map<string, z.infer<typeof roleWord>>();
  for (const pair of text.split(',')) {
    const [word, role] = pair.split('=').map((part) => part.trim());
    const known = roleWord.safeParse(role);
    if (!word || !known.success) {
      context.addIssue({
        code: 'custom',
        message: `"${pair.trim()}" is not WORD=client, WORD=admin or WORD=supervisor (example: 0=client,1=admin)`,
      });
      return z.NEVER;
    }
    map.set(word, known.data);
  }
  return map;
});

const environment = z.object({
  /** Where the gRPC server listens. */
  GRPC_ADDRESS: address.default('0.0.0.0:9090'),
  /** Prometheus metrics, on a port of their own. */
  METRICS_ADDRESS: address.default('127.0.0.1:9464'),
  /** gRPC server reflection, for grpcurl and the like. */
  GRPC_REFLECTION: flag.default(false),
  /** In-process gRPC-Web edge for the client portal; unset: none (Envoy does it). */
  CLIENT_EDGE_ADDRESS: address.optional(),
  /** In-process gRPC-Web edge for the admin portal; unset: none. */
  ADMIN_EDGE_ADDRESS: address.optional(),
  /** The folder of the built client portal that its in-process edge serves; unset: a page that says there is none. */
  CLIENT_PORTAL_FILES: z.string().min(1).optional(),
  /** The same for the admin portal. */
  ADMIN_PORTAL_FILES: z.string().min(1).optional(),

  /**
   * The chat's own schema; unset: SQLite in DATA_DIRECTORY. Nodes of a cluster as mysql://…@one:3306,two:3306/chat: the
   * first is used while it answers, then the next.
   */
  DATABASE_URL: mysql.optional(),
  /** The platform's schema, by an account that can only SELECT; unset: a demo platform in DATA_DIRECTORY. Several hosts as above. */
  PLATFORM_DATABASE_URL: mysql.optional(),
  /** Unset: hints, announcements and system messages stay in this process. Nodes of a cluster as amqp://…@one,amqp://…@two. */
  RABBITMQ_URL: brokers.optional(),
  /** Where embedded databases and generated keys lie. */
  DATA_DIRECTORY: z.string().min(1).default('.data'),

  /** One person by login, one `?`: id, login, display_name, password_hash, role and, where kept, active and email. */
  PEOPLE_BY_LOGIN: z
    .string()
    .default(
      'SELECT user_id AS id, username AS login, username AS display_name, password AS password_hash, role FROM user WHERE username = ?',
    ),
  /** The same columns by id, one `?`. */
  PEOPLE_BY_ID: z
    .string()
    .default(
      'SELECT user_id AS id, username AS login, username AS display_name, password AS password_hash, role FROM user WHERE user_id = ?',
    ),
  /** Whose a device is, one `?`: device_id and client_id. For system messages that name a device. */
  DEVICE_OWNER: z
    .string()
    .default('SELECT metering_device_id AS device_id, user_id AS client_id FROM device WHERE metering_device_id = ?'),
  /** The platform's role words or ordinals; whoever's role is not here cannot sign in. */
  ROLE_MAP: roleMap,
  /** Ids of administrators who are supervisors, comma-separated: the reference platform has two roles only. */
  SUPERVISORS: z
    .string()
    .default('')
    .transform(
      (text) =>
        new Set(
          text
            .split(',')
            .map((id) => id.trim())
            .filter((id) => id !== ''),
        ),
    ),

  /** Ed25519 private keys in PEM (PKCS 8), comma-separated files: the first signs, all verify. Unset: one is made in DATA_DIRECTORY. */
  SIGNING_KEY_FILES: z.string().optional(),
  /** A file with at least 32 random bytes, the same for all replicas: refresh tokens follow from it. Unset: made in DATA_DIRECTORY. */
  REFRESH_KEY_FILE: z.string().optional(),
  /**
   * Which programs may write to clients by system messages, in whose name, and the hashes of their keys: JSON that
   * `npm run service-account` writes. Changes count within 5 s. Unset, or no such file yet: no source and no account.
   */
  SERVICE_ACCOUNTS_FILE: z.string().min(1).optional(),
  /** How long an access token lives, in seconds. */
  ACCESS_TOKEN_SECONDS: seconds(5, 3_600).default(480),
  /** Secure on the refresh cookie; set true where the portals are served by TLS. */
  COOKIE_SECURE: flag.default(false),

  /** Stream heartbeat and the interval within which a lost hint is healed, in seconds. */
  HEARTBEAT_SECONDS: seconds(0.2, 60).default(25),
  /** On SIGTERM, how long streams have to go elsewhere, in seconds. */
  DRAIN_SECONDS: seconds(0, 60).default(5),
  /** Names this replica in leases, hints and presence: no two replicas may share a name. */
  REPLICA_NAME: z
    .string()
    .regex(/^[!-~]{1,64}$/, 'use 1 to 64 printable ASCII characters')
    .default(() => `${hostname()}-${process.pid}`.slice(-64)),
  /** The language of system messages for people who never chose one; every message has its text, a BCP 47 tag. */
  DEFAULT_LANGUAGE: z
    .string()
    .refine((tag) => canonicalTag(tag) === tag, 'write a BCP 47 tag in its canonical form, for example en or ro')
    .default('en'),
  /** The base of links in announcements, for example https://support.example/; empty: no link. */
  ADMIN_PORTAL_URL: z.union([z.literal(''), url('http', 'https')]).default(''),
  /** Where clients read, the link of announcements of unread replies, for example https://my.example/; empty: no link. */
  CLIENT_PORTAL_URL: z.union([z.literal(''), url('http', 'https')]).default(''),
  /** How long a reply may lie unread by a client who holds no Watch until it is announced, in seconds. */
  REPLY_UNREAD_SECONDS: seconds(1, 604_800).default(300),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export type Config = z.infer<typeof environment>;

/** What is wrong with the configuration, one line a setting: its name and the cure; never a value that may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings. Each may also be given as `NAME_FILE`, the path of a file that holds the value, so that secrets
 * need not stand in the environment. An empty value counts as unset.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { given, problems } = settingsIn(env);
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      const missing = given[name] === undefined;
      const cure =
        missing && name === 'ROLE_MAP'
          ? "is required: say which of the platform's roles is which, for example 0=client,1=admin"
          : issue.message;
      problems.push(`${name}: ${cure}`);
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(`The configuration is not usable:\n  ${problems.join('\n  ')}`);
  }
  return parsed.data;
}

/** The address of the broker alone, for what needs nothing else. */
export function readBrokerUrl(env: NodeJS.ProcessEnv = process.env): string {
  const { given } = settingsIn(env);
  const parsed = brokers.safeParse(given['RABBITMQ_URL']);
  if (!parsed.success) throw new ConfigError('RABBITMQ_URL: write the address of the broker that the chat uses');
  return parsed.data;
}

function settingsIn(env: NodeJS.ProcessEnv): { given: Record<string, string>; problems: string[] } {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of Object.keys(environment.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value !== undefined && value !== '') given[name] = value;
    else if (file !== undefined && file !== '') {
      try {
        given[name] = readFileSync(file, 'utf8').trim();
      } catch {
        problems.push(`${name}_FILE: cannot read "${file}"; check the path and its permissions`);
      }
    }
  }
  return { given, problems };
}
