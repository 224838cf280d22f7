import { Clock } from '../database/clock.js';
import { SqlPresence } from '../database/sql-presence.js';
import type { PresenceUnderTest } from '../live/presence.contract.js';
import type { LogDatabases } from './log-under-test.js';
import { COMMIT, COMMITTED, TappedDatabase } from './tapped-database.js';

const FRESH_FOR_SECONDS = 50;

/** Presence in an empty chat schema, as two replicas have it. */
export async function presenceOn(open: () => Promise<LogDatabases>): Promise<PresenceUnderTest> {
  const { replicas, close } = await open();
  const [one, two] = replicas;
  const clock = new Clock();
  const tapped = new TappedDatabase(one);
  const statements = (): number =>
    tapped.reads.length + tapped.steps.filter((step) => step !== COMMIT && step !== COMMITTED).length;
  return {
    replicas: [
      new SqlPresence(tapped, clock, 'replica-1', FRESH_FOR_SECONDS),
      new SqlPresence(two, clock, 'replica-2', FRESH_FOR_SECONDS),
    ],
    advance: (seconds) => clock.advance(seconds * 1_000),
    storedRows: async () => (await one.reader.query<unknown[]>('SELECT person_id FROM watch_presence')).length,
    statementsDuring: async (work) => {
      const before = statements();
      await work();
      return statements() - before;
    },
    close,
  };
}
