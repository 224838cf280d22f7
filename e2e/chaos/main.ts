import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkFile, type Verdict } from './checker/check.js';
import { reportOf } from './checker/report.js';
import { chaos } from './run.js';

const USAGE = `npm run chaos -- [--minutes 3] [--seed N] [--sends N] [--replicas 3] [--cluster]
npm run chaos -- --check FILE   judges a kept history again
--cluster: on three nodes of MariaDB Galera and of RabbitMQ`;
/** A second, unless told otherwise. */
const USUAL_SENDS = 100;

/** What `npm run chaos` runs; histories are kept under `cache`. Answers the exit code. */
export async function main(args: readonly string[], cache: string): Promise<number> {
  const say = (text: string): void => console.log(text);
  const values = parsed(args);
  if (values === undefined) {
    say(USAGE);
    return 1;
  }
  if (values.check !== undefined) return conclude(await checkFile(values.check), say);
  const minutes = Number(values.minutes ?? 3);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
  const sends = Number(values.sends ?? Math.round(minutes * 60 * USUAL_SENDS));
  const replicas = Number(values.replicas ?? 3);
  const isCluster = values.cluster ?? false;
  const isUsable =
    minutes > 0 && Number.isInteger(seed) && Number.isInteger(sends) && sends > 0 && [2, 3, 4, 5].includes(replicas);
  if (!isUsable) {
    say(USAGE);
    return 1;
  }
  const folder = join(cache, 'chaos', `${seed}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  say(`seed ${seed}, ${minutes} minutes, ${sends} sends, ${replicas} replicas${isCluster ? ', on clusters' : ''}`);
  const verdict = await chaos({ seed, minutes, sends, replicas, isCluster, folder, say }).catch((error: unknown) => {
    say(`The run broke off; what it saw is kept in ${folder}`);
    throw error;
  });
  const code = conclude(verdict, say);
  if (code === 0) rmSync(folder, { recursive: true });
  else say(`\nkept: ${folder}\nagain: npm run chaos -- --check ${join(folder, 'history.jsonl')}`);
  return code;
}

function conclude(verdict: Verdict, say: (text: string) => void): number {
  say(`\n${reportOf(verdict)}`);
  return verdict.findings.length === 0 ? 0 : 1;
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    minutes: text,
    seed: text,
    sends: text,
    replicas: text,
    check: text,
    cluster: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch {
    return undefined;
  }
}
