import type { PersonRecord } from './person-record.js';

/**
 * The people of the platform, read and never written.
 *
 * A person is found as the platform's own collation compares, so `Admin1` may find `admin1`: who somebody is says the
 * record, never the text that was typed. Nobody, or more than one, is `undefined`. When the platform's database cannot
 * answer, each method throws `PLATFORM_UNAVAILABLE`; nothing is kept between calls, so the next call may succeed.
 */
export abstract class People {
  abstract findByLogin(login: string): Promise<PersonRecord | undefined>;
  abstract findById(id: string): Promise<PersonRecord | undefined>;
  /** Throws a ConfigError that names the setting, the column and the cure when the operator's SELECTs do not fit. */
  abstract check(): Promise<void>;
}
