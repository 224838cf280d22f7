import { describe } from '@jest/globals';
import { inboxContract } from '../../inbox/inbox.contract.js';
import { logOnSqlite } from '../../testing/log-under-test.js';

describe('the inbox on SQLite', () => inboxContract(logOnSqlite));
