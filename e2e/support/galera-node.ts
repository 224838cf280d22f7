import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** One entry as the database has it. */
export interface StoredEntry {
  readonly conversationId: string;
  readonly seq: number;
  readonly kind: string;
  readonly requestId: string | null;
}

/** `mysql://…@one,two,three` of nodes with one account. */
export function hostsOf(nodes: readonly { readonly url: string }[]): string {
  const [first, ...others] = nodes.map(({ url }) => url);
  if (first === undefined) throw new Error('There is no node.');
  return [first, ...others.map((url) => new URL(url).host)].join(',');
}

/** The whole log as one node has it, once it has all that was committed. */
export async function storedAt(url: string, schema: string): Promise<StoredEntry[]> {
  const connection = await createConnection(url);
  try {
    await connection.query('SET SESSION wsrep_sync_wait = 1');
    const [rows] = await connection.query<(RowDataPacket & StoredEntry)[]>(
      `SELECT conversation_id AS conversationId, seq, kind, request_id AS requestId
       FROM ${schema}.entry ORDER BY conversation_id, seq`,
    );
    return rows.map(({ conversationId, seq, kind, requestId }) => ({ conversationId, seq, kind, requestId }));
  } finally {
    await connection.end();
  }
}
