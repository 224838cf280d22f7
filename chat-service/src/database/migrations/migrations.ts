import { Availability1764100000000 } from './availability.js';
import { FirstSchema1764000000000 } from './first-schema.js';
import { PersonLanguage1764210000000 } from './person-language.js';

/** All migrations, oldest first. The tables change only by a new one at the end. */
export const migrations = [FirstSchema1764000000000, Availability1764100000000, PersonLanguage1764210000000];
