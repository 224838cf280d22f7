import { describe } from '@jest/globals';
import { logOnSqlite } from '../testing/log-under-test.js';
import { systemMessagesOn } from '../testing/system-messages-under-test.js';
import { systemMessagesContract } from './system-messages.contract.js';

describe('System messages on SQLite', () => {
  systemMessagesContract(async () => systemMessagesOn(await logOnSqlite()));
});
