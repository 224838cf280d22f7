import { describe } from '@jest/globals';
import { outboxContract } from '../announcement/outbox.contract.js';
import { outboxOnSqlite } from '../testing/outbox-under-test.js';

describe('SqlOutbox on SQLite', () => outboxContract(outboxOnSqlite));
