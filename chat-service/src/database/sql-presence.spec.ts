import { describe } from '@jest/globals';
import { presenceContract } from '../live/presence.contract.js';
import { logOnSqlite } from '../testing/log-under-test.js';
import { presenceOn } from '../testing/presence-under-test.js';

describe('SqlPresence on SQLite', () => presenceContract(() => presenceOn(logOnSqlite)));
