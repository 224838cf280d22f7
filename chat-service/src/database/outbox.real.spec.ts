import { describe } from '@jest/globals';
import { outboxContract } from '../announcement/outbox.contract.js';
import { outboxOnMysql } from '../testing/outbox-under-test.js';

describe('SqlOutbox on MySQL', () => outboxContract(outboxOnMysql));
