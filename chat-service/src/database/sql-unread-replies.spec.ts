import { describe } from '@jest/globals';
import { unreadRepliesContract } from '../announcement/unread-replies.contract.js';
import { logOnSqlite } from '../testing/log-under-test.js';

describe('Replies that clients leave unread, on SQLite', () => unreadRepliesContract(logOnSqlite));
