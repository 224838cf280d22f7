import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from '../config.js';
import { readKeyFile, readOrMakeKeyFile } from './key-file.js';

/** What a refresh token says once its seal is found right. */
export interface ReadRefreshToken {
  readonly sessionId: string;
  /** SHA-256 in hex, what the database keeps instead of the token. */
  readonly hash: string;
}

/** At least so many bytes in REFRESH_KEY_FILE. */
const KEY_BYTES = 32;
const TOKEN = /^([A-Za-z0-9_-]{43})\.([!-~]{1,64})\.([A-Za-z0-9_-]{22})$/;

/**
 * Refresh tokens, opaque to everybody else: 32 bytes in base64url, the session's id, and a seal on that id.
 *
 * The first 32 bytes of a session are random; each successor's are the HMAC-SHA256 of its predecessor, so that every
 * try with one token, on any replica, gives the same next one. The seal shows, without asking the database, that the
 * text was once a token of the session it names: so any outworn token, however old, is known as a reuse, and nobody
 * who has merely seen a session's id can end it.
 */
export class RefreshTokens {
  constructor(private readonly key: Uint8Array) {}

  first(sessionId: string): string {
    return this.write(randomBytes(32), sessionId);
  }

  /** The successor of a token that `read` has found right. */
  successorOf(token: string): string {
    const parts = TOKEN.exec(token);
    if (parts?.[2] === undefined) throw new Error('Only a token that was read has a successor.');
    return this.write(createHmac('sha256', this.key).update('successor\0').update(token).digest(), parts[2]);
  }

  /** Undefined for a text that this key never made. */
  read(token: string): ReadRefreshToken | undefined {
    const [, , sessionId, seal] = TOKEN.exec(token) ?? [];
    if (sessionId === undefined || seal === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(seal), Buffer.from(this.sealOf(sessionId)))) return undefined;
    return { sessionId, hash: this.hashOf(token) };
  }

  hashOf(token: string): string {
    return createHash('sha256').update(token).digest('hex');
  }

  private write(secret: Buffer, sessionId: string): string {
    return `${secret.toString('base64url')}.${sessionId}.${this.sealOf(sessionId)}`;
  }

  private sealOf(sessionId: string): string {
    const seal = createHmac('sha256', this.key).update('session\0').update(sessionId).digest();
    return seal.subarray(0, 16).toString('base64url');
  }
}

/** Reads REFRESH_KEY_FILE, which all replicas must share. Without it a key is made in `directory` on first use. */
export async function loadRefreshKey(file: string | undefined, directory: string): Promise<Uint8Array> {
  if (file === undefined) return readOrMakeKeyFile(join(directory, 'refresh-key'), () => randomBytes(KEY_BYTES));
  const key = await readKeyFile('REFRESH_KEY_FILE', file);
  if (key.length >= KEY_BYTES) return key;
  throw new ConfigError(
    `REFRESH_KEY_FILE: "${file}" holds ${key.length} bytes; at least ${KEY_BYTES} random ones are needed: openssl rand -out ${file} ${KEY_BYTES}`,
  );
}
