import { Availability1764100000000 } from './availability.js';
import { CaseRating1764220000000 } from './case-rating.js';
import { FirstSchema1764000000000 } from './first-schema.js';
import { Notices1764240000000 } from './notices.js';
import { PersonLanguage1764210000000 } from './person-language.js';
import { SessionUserAgent1764230000000 } from './session-user-agent.js';
import { UnreadRuns1764206000000 } from './unread-runs.js';

/** All migrations, oldest first. The tables change only by a new one at the end. */
export const migrations = [
  FirstSchema1764000000000,
  Availability1764100000000,
  UnreadRuns1764206000000,
  PersonLanguage1764210000000,
  CaseRating1764220000000,
  SessionUserAgent1764230000000,
  Notices1764240000000,
];
