import { describe } from '@jest/globals';
import { caseRatingContract } from '../../conversation/case-rating.contract.js';
import { conversationLogFaultsContract } from '../../conversation/conversation-log-faults.contract.js';
import { conversationLogPlansContract } from '../../conversation/conversation-log-plans.contract.js';
import { conversationLogRowsContract } from '../../conversation/conversation-log-rows.contract.js';
import { conversationLogContract } from '../../conversation/conversation-log.contract.js';
import { messageChangesContract } from '../../conversation/message-changes.contract.js';
import { logOnMysql } from '../../testing/log-under-test.js';

describe('the log on MySQL', () => {
  conversationLogContract(logOnMysql);
  conversationLogRowsContract(logOnMysql);
  messageChangesContract(logOnMysql);
  caseRatingContract(logOnMysql);
  conversationLogFaultsContract(logOnMysql);
  conversationLogPlansContract(logOnMysql);
});
