import type { Clock } from './clock.js';
import type { Database } from './database.js';

/**
 * Takes or renews the lease `name` for `seconds` of database time, and answers whether `holder` holds it now.
 *
 * Compare-and-set: the UPDATE locks the one row before it looks at it, so of several replicas at once one finds the
 * lease expired and the others find it taken; on another node of a cluster it is the COMMIT that loses, and the next try
 * that finds it taken. The row is made by the first call ever; of two such calls one fails on the key and holds nothing.
 */
export async function takeLease(
  database: Database,
  clock: Clock,
  name: string,
  holder: string,
  seconds: number,
): Promise<boolean> {
  const now = database.dialect.now(clock);
  const expiry = `${now} + ${Math.round(seconds * 1_000_000)}`;
  try {
    return await database.writeRepeatably(async (manager) => {
      await manager.query(
        `UPDATE lease SET holder = ?, expires_at = ${expiry} WHERE name = ? AND (holder = ? OR expires_at <= ${now})`,
        [holder, name, holder],
      );
      const [row] = await manager.query<{ holder: string }[]>('SELECT holder FROM lease WHERE name = ?', [name]);
      if (row !== undefined) return row.holder === holder;
      await manager.query(`INSERT INTO lease (name, holder, expires_at) VALUES (?, ?, ${expiry})`, [name, holder]);
      return true;
    });
  } catch (error) {
    if (database.dialect.isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Gives the lease up, if `holder` holds it, so that the next one need not wait for its expiry. */
export async function releaseLease(database: Database, name: string, holder: string): Promise<void> {
  await database.writeRepeatably((manager) =>
    manager.query('UPDATE lease SET expires_at = 0 WHERE name = ? AND holder = ?', [name, holder]),
  );
}
