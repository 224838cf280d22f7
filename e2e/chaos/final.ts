import { createHash } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { ConversationService } from '@energy-chat/contract/conversation_pb.js';
import type { RowDataPacket } from 'mysql2/promise';
import type { Deployment } from '../support/deployment.js';
import { storedAt } from '../support/galera-node.js';
import type { Administrator } from './administrator.js';
import type { Holder } from './holder.js';
import type { Participant, Place } from './participant.js';
import type { Recorder } from './recorder.js';
import { rowState, wordsOf } from './recording.js';
import type { Node } from './servers.js';

const PAGE = 5_000;
/** A replica that is started while the database is away says so, and tries again. */
const BOOTS_WITHOUT_DATABASE = 'Unable to connect to the database. Retrying';

/** Writes the log and the cases as the database has them. */
export async function writeLog(deployment: Deployment, recorder: Recorder): Promise<void> {
  let last: [string, number] | undefined = ['', 0];
  while (last !== undefined) {
    const page: RowDataPacket[] = await deployment.query(
      `SELECT conversation_id, seq, kind, author_id, request_id, body, detail FROM entry
       WHERE (conversation_id, seq) > (?, ?) ORDER BY conversation_id, seq LIMIT ${PAGE}`,
      last,
    );
    for (const row of page) writeEntry(row, recorder);
    const end = page.at(-1);
    last = end === undefined ? undefined : [String(end.conversation_id), Number(end.seq)];
  }
  for (const row of await deployment.query('SELECT id, conversation_id, revision, status FROM support_case')) {
    recorder.write({
      kind: 'case',
      conversation: String(row.conversation_id),
      caseId: String(row.id),
      revision: Number(row.revision),
      status: String(row.status),
    });
  }
}

/** Writes what each node of the database has of it. */
export async function writeNodes(nodes: readonly Node[], schema: string, recorder: Recorder): Promise<void> {
  for (const { name, url } of nodes) {
    const stored = await storedAt(url, schema);
    const digest = createHash('sha256').update(JSON.stringify(stored)).digest('hex');
    recorder.write({ kind: 'node', node: name, entries: stored.length, digest });
  }
}

function writeEntry(row: RowDataPacket, recorder: Recorder): void {
  const entry = String(row.kind);
  const [person, request] = [String(row.author_id), row.request_id === null ? '' : String(row.request_id)];
  const written = {
    kind: 'log',
    conversation: String(row.conversation_id),
    seq: Number(row.seq),
    entry,
    person,
    request,
  } as const;
  if (row.body !== null) {
    const text = String(row.body);
    recorder.write({ ...written, what: wordsOf(entry, person, request, text), text });
    return;
  }
  const { case: shown } = JSON.parse(String(row.detail)) as {
    case: { id: string; revision: number; status: string; assignee: { id: string } | null };
  };
  const { id: caseId, revision, status, assignee } = shown;
  const what = wordsOf(entry, person, request, `${caseId} ${revision} ${status} ${assignee?.id ?? ''}`);
  recorder.write({ ...written, what, caseId, revision, status });
}

/** Writes what each replica answers about each conversation. */
export async function writeSnapshots(
  auditor: Participant,
  places: readonly Place[],
  conversations: readonly string[],
  recorder: Recorder,
): Promise<void> {
  for (const [index, transport] of auditor.transports.entries()) {
    const service = createClient(ConversationService, transport);
    const { token } = await auditor.session.grant();
    const options = { headers: { authorization: `Bearer ${token}` }, timeoutMs: 10_000 };
    for (const conversationId of conversations) {
      const { conversation } = await service.getConversation({ conversationId }, options);
      if (conversation === undefined) continue;
      recorder.write({ kind: 'snapshot', replica: places[index]?.name ?? '', ...rowState(conversation) });
    }
  }
}

/** Writes what everybody holds. */
export async function writeHoldings(
  holders: readonly Holder[],
  administrators: readonly Administrator[],
  recorder: Recorder,
): Promise<void> {
  for (const holder of holders) {
    for (const { conversation, lastSeq, row } of holder.holdings()) {
      const { version, digest } = row === undefined ? { version: 0, digest: '' } : rowState(row);
      recorder.write({ kind: 'held', who: holder.who, conversation, lastSeq, version, digest });
    }
  }
  for (const administrator of administrators) {
    const versions = (rows: Awaited<ReturnType<Administrator['listed']>>) =>
      Object.fromEntries(rows.map(({ id, version }) => [id, version]));
    const listed = versions(await administrator.listed());
    recorder.write({ kind: 'inbox', who: administrator.who, held: versions([...administrator.open]), listed });
  }
}

/** Writes what the replicas' logs say that an operator would have to act on. */
export function writeTroubles(deployment: Deployment, recorder: Recorder): void {
  for (const replica of deployment.replicas) {
    for (const line of replica.log.split('\n')) {
      if (/"level":"(error|fatal)"/.test(line) && !line.includes(BOOTS_WITHOUT_DATABASE)) {
        recorder.write({ kind: 'logged', replica: replica.name, text: line.slice(0, 400) });
      }
    }
  }
}
