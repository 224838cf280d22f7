import { languagesContract } from '../identity/languages.contract.js';
import { languagesUnderTest } from '../testing/languages-under-test.js';
import { emptyMysqlDatabase } from '../testing/test-server.js';
import { openMysqlDatabase } from './mysql/mysql-database.js';

languagesContract(async () => {
  const { url, drop } = await emptyMysqlDatabase();
  return languagesUnderTest(await openMysqlDatabase(url), drop);
});
