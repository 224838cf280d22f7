import { describe } from '@jest/globals';
import { inboxContract } from '../../inbox/inbox.contract.js';
import { logOnMysql } from '../../testing/log-under-test.js';

describe('the inbox on MySQL', () => inboxContract(logOnMysql));
