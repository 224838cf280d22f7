import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment } from '../support/deployment.js';
import type { Administrator } from './administrator.js';
import type { Announcements } from './announcements.js';
import type { Holder } from './holder.js';

/** Longer than anything heals by: silent lines to the broker, the lease of announcements, two heartbeats. */
const SETTLE_LIMIT_MS = 90_000;
/** For so long nothing may change any more. */
const QUIET_MS = 1_500;

export interface Watched {
  readonly deployment: Deployment;
  readonly holders: readonly Holder[];
  readonly administrators: readonly Administrator[];
  /** Undefined: nobody can be told now. */
  readonly announcements: Announcements | undefined;
}

/** Waits until all hold what the database holds, or the time is over. Answers what was not right in the end, in words. */
export async function settle(watched: Watched, limitMs = SETTLE_LIMIT_MS): Promise<string[]> {
  const deadline = performance.now() + limitMs;
  for (let before: string | undefined; ;) {
    const { state, wrong } = await look(watched);
    if (wrong.length === 0 && state === before) return [];
    if (performance.now() > deadline) return wrong;
    before = wrong.length === 0 ? state : undefined;
    await pause(QUIET_MS);
  }
}

async function look({ deployment, holders, administrators, announcements }: Watched) {
  const wrong: string[] = [];
  const rows = await deployment.query('SELECT id, version, last_seq, case_id FROM conversation ORDER BY id');
  const stored = new Map(rows.map((row) => [String(row.id), row]));
  for (const { who, holdings } of holders.map((holder) => ({ who: holder.who, holdings: holder.holdings() }))) {
    for (const { conversation, lastSeq, row } of holdings) {
      const right = stored.get(conversation);
      if (right?.last_seq !== lastSeq || right.version !== row?.version) wrong.push(`${who} on ${conversation}`);
    }
  }
  const open = rows.filter(({ case_id }) => case_id !== null).map(({ id, version }) => `${id} ${version}`);
  for (const administrator of administrators) {
    const shown = administrator.open.map(({ id, version }) => `${id} ${version}`);
    if (shown.sort().join() !== open.sort().join()) wrong.push(`the inbox of ${administrator.who}`);
  }
  if (announcements !== undefined) wrong.push(...(await unannounced(deployment, announcements)));
  return { state: JSON.stringify(rows), wrong };
}

async function unannounced(deployment: Deployment, { ids }: Announcements): Promise<string[]> {
  const [due] = await deployment.query(`SELECT COUNT(*) AS count FROM entry WHERE kind LIKE 'case\\_%'`);
  const [left] = await deployment.query('SELECT COUNT(*) AS count FROM outbox');
  const wrong: string[] = [];
  if (Number(left?.count) > 0) wrong.push(`${Number(left?.count)} announcements in the outbox`);
  if (ids.size < Number(due?.count)) wrong.push(`${ids.size} of ${Number(due?.count)} announcements`);
  return wrong;
}
