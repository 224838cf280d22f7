import type { Person } from '../identity/caller.js';
import { Languages } from '../identity/languages.port.js';
import type { Clock } from './clock.js';
import type { Database } from './database.js';
import { keepPerson } from './keep-person.js';

/** Languages on the person's own row, by its primary key. */
export class SqlLanguages extends Languages {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  async languageOf(personId: string): Promise<string | undefined> {
    const rows = await this.database.read<{ language: string | null }>('SELECT language FROM person WHERE id = ?', [
      personId,
    ]);
    return rows[0]?.language ?? undefined;
  }

  async keep(person: Person, language: string): Promise<void> {
    const { dialect } = this.database;
    await this.database.writeRepeatably(async (manager) => {
      await keepPerson(manager, dialect, dialect.now(this.clock), person);
      await manager.query('UPDATE person SET language = ? WHERE id = ?', [language, person.id]);
    });
  }
}
