import { randomBytes } from 'node:crypto';

/** An id of ours: 16 characters of base64url, 96 random bits. */
export function newId(): string {
  return randomBytes(12).toString('base64url');
}
