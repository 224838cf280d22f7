import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '../config.js';
import type { Warn } from '../identity/warn.js';

/** How long a look at the file is good for, in milliseconds. */
const LOOK_EVERY = 5_000;

/** How every key begins, which tells it from a person's access token. */
export const KEY_PREFIX = 'eck_';

/** In whose name programs write. */
export interface Source {
  /** 1 to 57 printable ASCII characters: its messages are by the author `system:<name>`. */
  readonly name: string;
  /** What clients see. */
  readonly shownName: string;
  /** Its quota. */
  readonly recipientsPerHour: number;
}

/** A program that may publish system messages. */
export interface ServiceAccount {
  readonly name: string;
  /** The names of the sources that it may speak for. */
  readonly sources: readonly string[];
}

const text = (pattern: RegExp, cure: string) => z.string(cure).regex(pattern, cure);
const SOURCE_NAME = /^[!-~]{1,57}$/;

const accountsFile = z
  .strictObject({
    sources: z.record(
      z.string(),
      z.strictObject({
        shownName: text(/^\P{Cc}{1,255}$/u, 'write 1 to 255 characters, none of them a line end'),
        recipientsPerHour: z.int('write a whole number').positive('write 1 or more').default(100_000),
      }),
      'write an object: the name of each source, and what it is',
    ),
    accounts: z.array(
      z.strictObject({
        name: text(/^[!-~]{1,64}$/, 'use 1 to 64 printable ASCII characters without a space'),
        sources: z.array(z.string(), 'write a list of sources').min(1, 'name at least one source'),
        keyHash: text(/^sha256:[0-9a-f]{64}$/, 'write sha256: and the 64 hexadecimal digits of the hash of the key'),
        createdTime: z.iso.datetime({ offset: true, error: 'write a time such as 2026-05-01T12:00:00Z' }),
      }),
      'write a list of accounts',
    ),
  })
  .check(({ value: { sources, accounts }, issues }) => {
    const complain = (path: (string | number)[], message: string) =>
      issues.push({ code: 'custom', input: undefined, path, message });
    for (const source of Object.keys(sources)) {
      if (SOURCE_NAME.test(source)) continue;
      complain(['sources', source], 'name it by 1 to 57 printable ASCII characters without a space');
    }
    accounts.forEach(({ name, sources: allowed, keyHash }, index) => {
      const before = accounts.slice(0, index);
      const here = ['accounts', index];
      if (before.some((other) => other.name === name)) complain([...here, 'name'], 'is taken by an account above');
      if (before.some((other) => other.keyHash === keyHash)) complain([...here, 'keyHash'], 'stands above already');
      allowed.forEach((source, place) => {
        if (Object.hasOwn(sources, source)) return;
        complain([...here, 'sources', place], `"${source}" is not among the sources; add it there, or remove it here`);
      });
    });
  });

interface Version {
  readonly sources: ReadonlyMap<string, Source>;
  /** As `lookOf` has them. */
  readonly shownNames: ReadonlySet<string>;
  readonly accounts: readonly (ServiceAccount & { readonly keyHash: Buffer })[];
}

const none: Version = { sources: new Map(), shownNames: new Set(), accounts: [] };

/**
 * The configured sources, and the programs that may speak for them, as SERVICE_ACCOUNTS_FILE says. The file is looked at
 * when somebody asks, at most every 5 s, and read again when it changed: an account that was made or revoked counts
 * without a restart. A new version that cannot be used is told to the operator, and the one before stays.
 */
export class ServiceAccounts {
  private version = none;
  /** Which state of the file was read last; none when it was not there. */
  private stamp: string | undefined;
  private lookedAt: number;
  private isTold = false;

  /** A file that is not there yet holds nothing. Fails with a ConfigError when what is there cannot be used. */
  constructor(
    private readonly file: string | undefined,
    private readonly warn: Warn,
    private readonly now = () => performance.now(),
  ) {
    this.lookedAt = now();
    if (file === undefined) return;
    this.stamp = stampOf(file);
    if (this.stamp !== undefined) this.version = read(file);
  }

  source(name: string): Source | undefined {
    return this.current().sources.get(name);
  }

  /** Whether clients could take this name for a source's: it differs at most in case, accents, space and width. */
  isShownName(name: string): boolean {
    return this.current().shownNames.has(lookOf(name));
  }

  /** Whose key it is. A key is 32 random bytes, so its SHA-256 cannot be searched for. */
  accountOf(key: string): ServiceAccount | undefined {
    const hash = createHash('sha256').update(key).digest();
    // All are compared, each in constant time: how long it takes tells nothing.
    const [account] = this.current().accounts.filter(({ keyHash }) => timingSafeEqual(keyHash, hash));
    return account && { name: account.name, sources: account.sources };
  }

  private current(): Version {
    if (this.file !== undefined && this.now() - this.lookedAt >= LOOK_EVERY) {
      this.lookedAt = this.now();
      this.look(this.file);
    }
    return this.version;
  }

  private look(file: string): void {
    try {
      const stamp = stampOf(file);
      if (stamp === this.stamp) return;
      if (stamp === undefined) throw new ConfigError(`SERVICE_ACCOUNTS_FILE: "${file}" is gone; put it back`);
      this.version = read(file);
      this.stamp = stamp;
      this.isTold = false;
    } catch (error) {
      if (!this.isTold) this.warn('The service accounts cannot be read again: those read before stay.', { err: error });
      this.isTold = true;
    }
  }
}

/** Differs when the file was written or replaced; undefined when it is not there. */
function stampOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

function read(file: string): Version {
  const parsed = accountsFile.safeParse(jsonIn(file));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${z.core.toDotPath(path) || 'the file'}: ${message}`,
    );
    throw new ConfigError(`SERVICE_ACCOUNTS_FILE: "${file}" is not usable:\n  ${problems.join('\n  ')}`);
  }
  const { sources, accounts } = parsed.data;
  return {
    sources: new Map(Object.entries(sources).map(([name, source]) => [name, { name, ...source }])),
    shownNames: new Set(Object.values(sources).map(({ shownName }) => lookOf(shownName))),
    accounts: accounts.map(({ name, sources: allowed, keyHash }) => ({
      name,
      sources: allowed,
      keyHash: Buffer.from(keyHash.slice('sha256:'.length), 'hex'),
    })),
  };
}

/** What is left of a name when case, accents, space, width and what has no shape do not count. */
function lookOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{M}\s\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase();
}

function jsonIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`SERVICE_ACCOUNTS_FILE: cannot read "${file}"; check the path and its permissions`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError(
      `SERVICE_ACCOUNTS_FILE: "${file}" is not JSON; write it by npm run service-account, or mend it by hand`,
    );
  }
}
