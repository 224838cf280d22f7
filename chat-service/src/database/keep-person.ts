import type { EntityManager } from 'typeorm';
import type { Person } from '../identity/caller.js';
import type { Dialect } from './dialect.js';

/** Keeps who somebody is, as last seen: history survives the platform. `now` is an expression of database time. */
export async function keepPerson(
  manager: EntityManager,
  dialect: Dialect,
  now: string,
  { id, login, displayName }: Person,
): Promise<void> {
  await manager.query(
    `INSERT INTO person (id, login, display_name, seen_at) VALUES (?, ?, ?, ${now})
     ${dialect.onConflict(['id'])} login = ${dialect.inserted('login')},
       display_name = ${dialect.inserted('display_name')}, seen_at = ${dialect.inserted('seen_at')}`,
    [id, login, displayName],
  );
}
