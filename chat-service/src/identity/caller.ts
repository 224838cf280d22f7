export type Role = 'client' | 'admin' | 'supervisor';

/** Which portal a session is for: clients use one, administrators and supervisors the other. */
export type Audience = 'client' | 'admin';

/** Somebody of the platform's user table, as its database returned them. */
export interface Person {
  /** The platform's id as text, 1 to 64 printable ASCII characters. */
  readonly id: string;
  readonly login: string;
  readonly displayName: string;
  readonly role: Role;
}

/** Who makes a request, proven by an access token. */
export interface Caller extends Person {
  readonly sessionId: string;
  /** How often the session's refresh token had been rotated when the access token was given. */
  readonly generation: number;
  readonly audience: Audience;
  /** When the access token ends, in milliseconds since 1970 by this process's clock; streams end then. */
  readonly expiresAt: number;
}

/** True for administrators and for supervisors, who are administrators with more. */
export function isAdmin(person: { readonly role: Role }): boolean {
  return person.role !== 'client';
}
