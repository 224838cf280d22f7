import { describe } from '@jest/globals';
import { presenceContract } from '../live/presence.contract.js';
import { presenceOnMysql } from '../testing/presence-under-test.js';

describe('SqlPresence on MySQL', () => presenceContract(presenceOnMysql));
