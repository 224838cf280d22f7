import { FirstSchema1764000000000 } from './first-schema.js';

/** All migrations, oldest first. The tables change only by a new one at the end. */
export const migrations = [FirstSchema1764000000000];
