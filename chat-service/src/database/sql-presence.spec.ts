import { describe } from '@jest/globals';
import { presenceContract } from '../live/presence.contract.js';
import { presenceOnSqlite } from '../testing/presence-under-test.js';

describe('SqlPresence on SQLite', () => presenceContract(presenceOnSqlite));
