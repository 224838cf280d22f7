import { ChatError } from '../chat-error.js';
import { type Config, ConfigError } from '../config.js';
import { People } from '../identity/people.port.js';
import type { PersonRecord } from '../identity/person-record.js';
import type { Warn } from '../identity/warn.js';
import { mysqlDialect } from './mysql/mysql-dialect.js';
import { PERSON_COLUMNS, readPersonRow, roleTextOf, UnusableRow } from './person-row.js';
import type { PlatformDatabase } from './platform-database.js';

export type PeopleSettings = Pick<Config, 'PEOPLE_BY_LOGIN' | 'PEOPLE_BY_ID' | 'ROLE_MAP' | 'SUPERVISORS'>;

type SelectName = 'PEOPLE_BY_LOGIN' | 'PEOPLE_BY_ID';

/** People by the operator's SELECTs. What it cannot use it refuses, and says in the log which setting cures it. */
export class PlatformPeople extends People {
  constructor(
    private readonly platform: PlatformDatabase,
    private readonly settings: PeopleSettings,
    private readonly warn: Warn,
    /** Whether a name is a system's, which nobody else may carry. */
    private readonly isSystemName: (name: string) => boolean = () => false,
  ) {
    super();
  }

  findByLogin(login: string): Promise<PersonRecord | undefined> {
    return this.find('PEOPLE_BY_LOGIN', login);
  }

  /** Exactly this id: MySQL compares a number's column with `7x` as if it were 7. */
  async findById(id: string): Promise<PersonRecord | undefined> {
    const record = await this.find('PEOPLE_BY_ID', id);
    return record?.id === id ? record : undefined;
  }

  async check(): Promise<void> {
    await this.checkSelect('PEOPLE_BY_LOGIN');
    await this.checkSelect('PEOPLE_BY_ID');
  }

  private async find(name: SelectName, value: string): Promise<PersonRecord | undefined> {
    const rows = await this.platform.select(this.settings[name], value);
    const [row] = rows;
    if (row === undefined) return undefined;
    if (rows.length > 1) {
      this.warn(`${name} found more than one person; nobody can sign in with an ambiguous login.`);
      return undefined;
    }
    try {
      const record = readPersonRow(row, this.settings.ROLE_MAP, this.settings.SUPERVISORS);
      if (record.role === undefined) {
        this.warn("A person's role is not in ROLE_MAP, so they cannot sign in; add it there to let them.", {
          personId: record.id,
          role: roleTextOf(row),
        });
      }
      const { displayName, id } = record;
      return this.isSystemName(displayName) ? { ...record, displayName: `${displayName} (${id})` } : record;
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      this.warn(`${name} returned a person the chat cannot use: ${error.message}.`);
      return undefined;
    }
  }

  private async checkSelect(name: SelectName): Promise<void> {
    const select = this.settings[name].trim().replace(/;$/, '');
    if (!select.includes('?')) {
      throw new ConfigError(
        `${name}: holds no ?; write one where the ${name === 'PEOPLE_BY_ID' ? 'id' : 'login'} goes`,
      );
    }
    await this.probe('1', select, (words) => {
      return `${name}: the platform's database refuses it (${words}); write a SELECT for the tables that it has`;
    });
    for (const column of PERSON_COLUMNS) {
      await this.probe(`people.${column}`, select, () => {
        return `${name}: returns no column named ${column}; give one that name in the SELECT, for example … AS ${column}`;
      });
    }
  }

  private async probe(column: string, select: string, problem: (words: string) => string): Promise<void> {
    try {
      await this.platform.select(`SELECT ${column} FROM (${select}) AS people LIMIT 0`, '');
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      const cause = refusalOf(error.cause);
      if (cause === undefined) throw error;
      if (cause.isAboutAccess) {
        throw new ConfigError(
          `PLATFORM_DATABASE_URL: the platform's database does not let this account in (${cause.words}); check the account, its password and the schema's name`,
          { cause: error },
        );
      }
      throw new ConfigError(problem(cause.words), { cause: error });
    }
  }
}

const ACCESS = ['ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_BAD_DB_ERROR'];

/** What the database answered, or undefined when it did not answer at all or only for now. */
function refusalOf(cause: unknown): { words: string; isAboutAccess: boolean } | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause) || !('message' in cause)) return undefined;
  const code = String(cause.code);
  if (mysqlDialect.isTransient(cause) || !/^(ER|SQLITE)_/.test(code)) return undefined;
  return { words: String(cause.message), isAboutAccess: ACCESS.includes(code) };
}
