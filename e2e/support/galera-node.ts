import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** `mysql://…@one,two,three` of nodes with one account. */
export function hostsOf(nodes: readonly { readonly url: string }[]): string {
  const [first, ...others] = nodes.map(({ url }) => url);
  if (first === undefined) throw new Error('There is no node.');
  return [first, ...others.map((url) => new URL(url).host)].join(',');
}

/** The whole log as one node has it, once it has all that was committed; also of a database that is no cluster. */
export async function storedAt(url: string, schema: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(url);
  try {
    const [causal] = await connection.query<RowDataPacket[]>("SHOW VARIABLES LIKE 'wsrep_sync_wait'");
    if (causal.length > 0) await connection.query('SET SESSION wsrep_sync_wait = 1');
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT conversation_id, seq, kind, author_id, request_id, body, detail
       FROM ${schema}.entry ORDER BY conversation_id, seq`,
    );
    return rows;
  } finally {
    await connection.end();
  }
}
