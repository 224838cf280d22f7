import { Clock } from '../database/clock.js';
import type { Database } from '../database/database.js';
import { SqlLanguages } from '../database/sql-languages.js';
import type { LanguagesUnderTest } from '../identity/languages.contract.js';

/** Languages in a database of their own, which `close` ends with what holds it. */
export function languagesUnderTest(
  database: Database & { close(): Promise<void> },
  drop: () => Promise<void>,
): LanguagesUnderTest {
  return {
    languages: new SqlLanguages(database, new Clock()),
    namesOf: async (personId) => {
      const rows = await database.read<{ login: string; displayName: string }>(
        'SELECT login, display_name AS displayName FROM person WHERE id = ?',
        [personId],
      );
      return rows[0];
    },
    close: async () => {
      await database.close();
      await drop();
    },
  };
}
