import { describe } from '@jest/globals';
import { unreadRepliesContract } from '../announcement/unread-replies.contract.js';
import { logOnMysql } from '../testing/log-under-test.js';

describe('Replies that clients leave unread, on MySQL', () => unreadRepliesContract(logOnMysql));
