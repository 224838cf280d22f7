import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { ConfigError } from '../config.js';
import { readKeyFile, readOrMakeKeyFile } from './key-file.js';

/** Ed25519 keys of access tokens. A key's id is its RFC 7638 thumbprint, so all replicas name it alike. */
export interface SigningKeys {
  readonly signing: { readonly id: string; readonly key: KeyObject };
  /** Public keys by id: the signing one's and those of keys on their way in or out. */
  readonly verifying: ReadonlyMap<string, KeyObject>;
}

/**
 * Reads the keys that SIGNING_KEY_FILES names (PEM, PKCS 8; the first signs, all verify). Without it one is made in
 * `directory` on first use. A new key is brought in without a gap by listing it second everywhere, then first.
 */
export async function loadSigningKeys(files: string | undefined, directory: string): Promise<SigningKeys> {
  const paths = (files ?? '')
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '');
  const texts =
    paths.length > 0
      ? await Promise.all(paths.map((path) => readKeyFile('SIGNING_KEY_FILES', path)))
      : [await readOrMakeKeyFile(join(directory, 'signing-key.pem'), makeKey)];
  const keys = await Promise.all(
    texts.map(async (text, index) => {
      const key = parseKey(text, paths[index] ?? join(directory, 'signing-key.pem'));
      return { id: await calculateJwkThumbprint(createPublicKey(key)), key };
    }),
  );
  const [signing] = keys;
  if (signing === undefined) throw new ConfigError('SIGNING_KEY_FILES: name at least one file');
  return { signing, verifying: new Map(keys.map(({ id, key }) => [id, createPublicKey(key)])) };
}

function makeKey(): Buffer {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  return Buffer.from(pem);
}

function parseKey(text: Buffer, path: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below: what OpenSSL says of a wrong file helps nobody.
  }
  throw new ConfigError(
    `SIGNING_KEY_FILES: "${path}" is not an Ed25519 private key in PEM; make one with: openssl genpkey -algorithm ed25519 -out ${path}`,
  );
}
