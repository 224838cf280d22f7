import type { Person, Role } from './caller.js';

/** A person as the platform keeps them. */
export interface PersonRecord {
  /** 1 to 64 printable ASCII characters. */
  readonly id: string;
  /** As the database returned it, 1 to 255 characters. */
  readonly login: string;
  /** 1 to 255 characters; the login where the platform keeps no name. */
  readonly displayName: string;
  readonly passwordHash: string;
  /** Undefined when the configuration gives the platform's role no meaning here. */
  readonly role: Role | undefined;
  readonly active: boolean;
}

/** The person who may use the chat, or undefined: unknown, switched off, or of a role that has no meaning here. */
export function admittedPerson(record: PersonRecord | undefined): Person | undefined {
  if (record === undefined || !record.active || record.role === undefined) return undefined;
  return { id: record.id, login: record.login, displayName: record.displayName, role: record.role };
}
