import type { Database } from '../database/database.js';

export interface QueryPlan {
  /** What each table is reached by, in the engine's words; `null` for one that is read from end to end. */
  readonly indexes: (string | null)[];
  /** True when the engine sorts rows after it has read them, or keeps them in a table of its own. */
  readonly sorts: boolean;
}

/** How the engine will run a query on the rows that are there; run `gatherStatistics` first. */
export async function planOf(database: Database, sql: string, params: readonly unknown[]): Promise<QueryPlan> {
  if (database.dialect.name === 'sqlite') {
    const steps = await database.reader.query<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${sql}`, [...params]);
    const reads = steps
      .map(({ detail }) => detail)
      .filter((detail) => /^(SCAN|SEARCH) (conversation|entry)\b/.test(detail));
    return {
      indexes: reads.map((detail) => {
        const index = /^SEARCH .* USING (?:COVERING )?(?:INDEX )?(.+?) \(/.exec(detail)?.[1];
        return index === 'PRIMARY KEY' ? 'PRIMARY' : (index ?? null);
      }),
      sorts: steps.some(({ detail }) => detail.includes('TEMP B-TREE')),
    };
  }
  const steps = await database.reader.query<
    { table: string | null; type: string; key: string | null; Extra: string }[]
  >(`EXPLAIN ${sql}`, [...params]);
  const reads = steps.filter(({ table }) => table === 'conversation' || table === 'entry');
  return {
    indexes: reads.map(({ type, key }) => (type === 'ALL' || type === 'index' ? null : key)),
    sorts: steps.some(({ Extra }) => /filesort|temporary/.test(Extra)),
  };
}

/** Lets the engine count what the tables hold, as it does by itself on a server that runs for a while. */
export async function gatherStatistics(database: Database): Promise<void> {
  await database.write((manager) =>
    manager.query(database.dialect.name === 'sqlite' ? 'ANALYZE' : 'ANALYZE TABLE conversation, entry, support_case'),
  );
}
